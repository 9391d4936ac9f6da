//! What names and speaker labels say by themselves: similar names, given names, titles, badges, labels that tools give
//! to anyone. Pure; it knows no people.

mod badges;
mod fold;
pub mod generic;
mod given;
mod labels;
pub(crate) mod nicknames;
pub(crate) mod parts;
pub(crate) mod phone;
pub(crate) mod relatives;
mod several;
mod titles;
mod together;

pub use given::{called, short};
pub use labels::alias_key;
pub(crate) use {
    fold::{fold, words},
    labels::{
        Claim, Form, Without, capital, claim, emails, forms, handles, holds_others, is_hyphenated, is_instead, latin,
        name_words, puts_several,
    },
    titles::is_title,
    together::members,
};
