//! The user that Postgres runs as: the program's user, or an unprivileged one if that is root.

use std::{fs, path::Path, process::Command};

use super::PostgresError;
use crate::folders;

/// The user that owns the data folder and runs the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum User {
    /// The user who runs this program.
    Own,
    /// A user with fewer rights.
    Other { uid: u32, gid: u32 },
}

impl User {
    pub(super) fn find() -> Result<Self, PostgresError> {
        if !folders::is_root() {
            return Ok(Self::Own);
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(PostgresError::io("/etc/passwd"))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|wanted| {
                let mut fields =
                    passwd.lines().map(|line| line.split(':')).find(|f| f.clone().next() == Some(wanted))?;
                let uid = fields.nth(2)?.parse().ok()?;
                let gid = fields.next()?.parse().ok()?;
                Some(Self::Other { uid, gid })
            })
            .ok_or(PostgresError::NoUser)
    }

    /// A command that runs as this user, in a folder that it may enter.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        #[cfg(unix)]
        if let Self::Other { uid, gid } = self {
            use std::os::unix::process::CommandExt;
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Creates `folder`, accessible only to this user.
    pub(super) fn make_folder(self, folder: &Path) -> Result<(), PostgresError> {
        folders::make(folder).map_err(PostgresError::io(folder))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, chown};
            if let Self::Other { uid, gid } = self {
                if let Some(closed) = closed_above(folder, uid, gid) {
                    return Err(PostgresError::Closed { folder: closed.to_owned(), uid });
                }
                chown(folder, Some(uid), Some(gid)).map_err(PostgresError::io(folder))?;
            }
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(PostgresError::io(folder))?;
        }
        Ok(())
    }
}

/// The outermost folder on the way to `folder` that this user may not enter.
#[cfg(unix)]
fn closed_above(folder: &Path, uid: u32, gid: u32) -> Option<&Path> {
    use std::os::unix::fs::MetadataExt;
    let mut above: Vec<&Path> = folder.ancestors().skip(1).collect();
    above.reverse();
    above.into_iter().find(|above| {
        fs::metadata(above).is_ok_and(|metadata| {
            let may_enter = match metadata.mode() {
                mode if metadata.uid() == uid => mode & 0o100,
                mode if metadata.gid() == gid => mode & 0o010,
                mode => mode & 0o001,
            };
            may_enter == 0
        })
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let home = tempfile::tempdir().expect("a folder");
        let (closed, inner) = (home.path().join("closed"), home.path().join("closed/open/data"));
        fs::create_dir_all(&inner).expect("folders");
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
        set(home.path(), 0o755);
        set(&closed, 0o700);
        let owner = fs::metadata(&closed).expect("it is there");
        let (stranger, strangers) = (owner.uid() + 1, owner.gid() + 1);
        assert_eq!(closed_above(&inner, stranger, strangers), Some(closed.as_path()));
        assert_eq!(closed_above(&inner, owner.uid(), strangers), None);
        set(&closed, 0o711);
        assert_eq!(closed_above(&inner, stranger, strangers), None);
    }
}
