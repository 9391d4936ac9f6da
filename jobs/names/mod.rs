//! What a name and a speaker's label say by themselves: two that are alike, a given name, a title, a badge, a label that
//! tools give to anybody. Pure; it knows nobody.

mod badges;
mod fold;
pub mod generic;
mod given;
mod labels;
pub(crate) mod nicknames;
pub(crate) mod parts;
pub(crate) mod phone;
mod several;
mod titles;
mod together;

pub use given::{called, short};
pub use labels::alias_key;
pub(crate) use {
    fold::{fold, words},
    labels::{
        Claim, Form, Without, capital, claim, emails, forms, handles, holds_others, latin, name_words, puts_several,
    },
    titles::is_title,
    together::members,
};
