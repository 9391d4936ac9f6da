//! What each error of the library is to a program: which kind of problem, and which field it is about.

use debrief_jobs::{
    db,
    goals::GoalError,
    people::PeopleError,
    review::actions::ActionError,
    rights::{Denied, EnterError, KeyError},
};

use super::{Code, FieldProblem, Problem, UNSTORABLE};
use crate::http::{api::words, failure::capitalized};

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if db::is_unstorable(&error) {
            return Self::new(Code::Invalid, UNSTORABLE);
        }
        if db::is_unusable_value(&error) {
            return Self::new(Code::Invalid, "A value is out of range, such as a day thousands of years away.");
        }
        if !db::is_away(&error) {
            return Self::internal(&error);
        }
        tracing::error!(target: "http", { error = %error }, "the database did not do what a request needs");
        Self::new(Code::Away, "The database isn’t responding. Try again in a minute.")
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let code = match denied {
            Denied::Role(_) | Denied::Setting(_) => Code::RoleForbids,
            Denied::Scope(_) => Code::ScopeMissing,
        };
        Self::new(code, capitalized(&denied.to_string()))
    }
}

impl From<EnterError> for Problem {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::Denied(denied) => denied.into(),
            EnterError::Database(error) => error.into(),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let field = match &error {
            KeyError::Database(_) => None,
            KeyError::Name => Some("name"),
            KeyError::NoScope | KeyError::Scopes { .. } => Some("scopes"),
            KeyError::Expired => Some("expires_at"),
            KeyError::NoPerson => Some("person_id"),
            KeyError::TooMany => return Self::new(Code::WrongState, capitalized(&error.to_string())),
            KeyError::Maker => return Self::new(Code::RoleForbids, capitalized(&error.to_string())),
        };
        match (error, field) {
            (KeyError::Database(error), _) => error.into(),
            (error, field) => Self::invalid(field.unwrap_or_default(), capitalized(&error.to_string())),
        }
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        let detail = capitalized(&error.to_string());
        let code = match error {
            ActionError::NotFound => return Self::not_found(),
            ActionError::Database(error) => return error.into(),
            ActionError::Mail(problem) => return Self::internal(&problem),
            ActionError::Invalid(problems) => {
                let errors: Vec<FieldProblem> = problems
                    .into_iter()
                    .map(|problem| FieldProblem {
                        field: problem.field,
                        problem: capitalized(&words::of_api(&problem.problem)),
                    })
                    .collect();
                return Self::of_fields(errors);
            }
            ActionError::SpeaksAbout { sentences, .. } => {
                let field = |id| FieldProblem { field: format!("claims.{id}"), problem: detail.clone() };
                let errors = sentences.into_iter().map(field).collect();
                return Self { errors, ..Self::new(Code::SpeaksAboutClient, detail) };
            }
            ActionError::Conflict { newest } => {
                let detail =
                    format!("That isn’t the latest version and its content: version {newest} is. Read it again.");
                return Self::new(Code::VersionChanged, detail);
            }
            ActionError::RecipientChanged(change) => {
                let detail = match (&change.shown, &change.now) {
                    (None, _) => {
                        "You sent no `recipient`, or one without an address, and the client has one. Read the letter, and \
                         send the name and the address that it goes to."
                    }
                    (Some(_), None) => {
                        "The client has no address, so nothing is sent. Read the letter again, and send `null` as \
                         `recipient`."
                    }
                    (Some(_), Some(_)) => {
                        "The recipient that you sent isn’t the client’s present name and address. Read the letter again."
                    }
                };
                return Self::new(Code::RecipientChanged, detail);
            }
            ActionError::NothingForClient => Code::NothingForClient,
            ActionError::TooMany(seconds) => return Self::new(Code::TooManyRequests, detail).later(seconds),
            ActionError::ImplausibleDate(_) => return Self::invalid("date", detail),
            ActionError::NotOpen { .. }
            | ActionError::NotWaiting
            | ActionError::TooLate
            | ActionError::DateIsFixed(_)
            | ActionError::Busy
            | ActionError::NothingToUndo
            | ActionError::Unsaved => Code::WrongState,
        };
        Self::new(code, detail)
    }
}

impl From<GoalError> for Problem {
    fn from(error: GoalError) -> Self {
        let detail = capitalized(&error.to_string());
        match (error.field(), error) {
            (_, GoalError::Database(error)) => error.into(),
            (Some(field), _) => Self::invalid(field, detail),
            (None, GoalError::TooMany | GoalError::ClientGone) => Self::new(Code::WrongState, detail),
            (None, _) => Self::new(Code::Invalid, detail),
        }
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        let detail = capitalized(&words::of_api(&error.to_string()));
        match error {
            PeopleError::Database(error) => error.into(),
            PeopleError::NoClient { .. }
            | PeopleError::NoCoach(_)
            | PeopleError::NoOrganization(_)
            | PeopleError::NoPerson
            | PeopleError::NoTeam => Self::not_found(),
            PeopleError::ClientGone(_) => Self::new(Code::WrongState, detail),
            PeopleError::TeamExists(_) | PeopleError::PersonExists { .. } => Self::new(Code::Taken, detail),
            PeopleError::LastAdmin | PeopleError::TooManyTeams => Self::new(Code::WrongState, detail),
            PeopleError::EmailTaken { .. } | PeopleError::AddressOfAnother { .. } | PeopleError::HandleTaken(_) => {
                Self::new(Code::Taken, detail)
            }
            PeopleError::CoachBusy(_) | PeopleError::FollowUpsHeld(_) => Self::new(Code::WrongState, detail),
            error => match error.field() {
                Some(field) => Self::invalid(field, detail),
                None => Self::new(Code::Invalid, detail),
            },
        }
    }
}
