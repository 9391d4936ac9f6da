//! Who Postgres runs as: the user of the program, or an unprivileged one where that is root.

use std::{fs, path::Path, process::Command};

use super::PostgresError;
use crate::folders;

/// The user that owns the data folder and runs the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum User {
    /// Whoever runs this program.
    Own,
    /// Somebody with fewer rights.
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

    /// Makes `folder` for this user alone.
    pub(super) fn make_folder(self, folder: &Path) -> Result<(), PostgresError> {
        fs::create_dir_all(folder).map_err(PostgresError::io(folder))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, chown};
            if let Self::Other { uid, gid } = self {
                chown(folder, Some(uid), Some(gid)).map_err(PostgresError::io(folder))?;
            }
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(PostgresError::io(folder))?;
        }
        Ok(())
    }
}
