//! The directory that a forwarder sees, with its routes.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use coracle_forwarder::Routes;
use coracle_host::ROUTES;

/// The forwarder is another user, and what it reads is no secret.
const DIRECTORY_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;

/// Writes routes, all at once for whoever reads them.
///
/// # Errors
/// When the directory cannot be made or written to.
pub(super) fn write(directory: &Path, routes: &Routes) -> io::Result<()> {
    let text = routes.to_string();
    let file = directory.join(ROUTES);
    if fs_err::read_to_string(&file).is_ok_and(|stands| stands == text) {
        return Ok(());
    }
    fs_err::create_dir_all(directory)?;
    fs_err::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE))?;
    let next = file.with_extension("next");
    fs_err::write(&next, text)?;
    fs_err::set_permissions(&next, Permissions::from_mode(FILE_MODE))?;
    fs_err::rename(next, file)
}

/// Removes what was written; nothing there is no error.
///
/// # Errors
/// When something stays.
pub(super) fn remove(directory: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_may_read_the_routes_whatever_the_home_allows() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("services/1");
        let mut routes = Routes::default();
        write(&directory, &routes).unwrap();
        routes.add(80, "10.0.0.2:8080".parse().unwrap());
        write(&directory, &routes).unwrap();
        let file = directory.join(ROUTES);
        assert_eq!(fs_err::read_to_string(&file).unwrap().parse(), Ok(routes));
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&file)), (0o755, 0o644));
        assert_eq!(fs_err::read_dir(&directory).unwrap().count(), 1);
        remove(&directory).unwrap();
        remove(&directory).unwrap();
        assert!(!directory.exists());
    }
}
