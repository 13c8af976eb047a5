//! Finds the file system under a path, to refuse those on which locks do not hold.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// A network mount that holds a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkMount {
    /// Type as the kernel names it.
    pub(crate) file_system: String,
    /// Where it is mounted.
    pub(crate) mount_point: PathBuf,
}

/// File systems shared between machines: byte-range locks or shared memory do not
/// hold there as SQLite needs them.
const NETWORK: [&str; 24] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "fuse.ceph",
    "fuse.cifs",
    "fuse.davfs",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.smbnetfs",
    "fuse.sshfs",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];

/// The network mount under `path` according to a table in the format of `/proc/mounts`.
///
/// The longest mount point that is a parent of the path decides, and among equal
/// ones the last: it hides those before it.
pub(crate) fn network_mount(table: &str, path: &Path) -> Option<NetworkMount> {
    let mut best: Option<(usize, &str, PathBuf)> = None;
    for line in table.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(_), Some(point), Some(kind)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let point = unescape(point);
        if !path.starts_with(&point) {
            continue;
        }
        let depth = point.components().count();
        if best.as_ref().is_none_or(|(deepest, ..)| depth >= *deepest) {
            best = Some((depth, kind, point));
        }
    }
    let (_, kind, mount_point) = best?;
    NETWORK.contains(&kind).then(|| NetworkMount { file_system: kind.to_owned(), mount_point })
}

/// The kernel writes a space as `\040`, and so on for tab, line feed and backslash.
fn unescape(field: &str) -> PathBuf {
    let bytes = field.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                Some((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'))
            }
            _ => None,
        };
        match escaped {
            Some(byte) => {
                plain.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                plain.push(first);
                rest = after;
            }
        }
    }
    PathBuf::from(os_string(plain))
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
/dev/vda / ext4 rw 0 0
server:/people /people nfs4 rw 0 0
/dev/vdb /people/local ext4 rw 0 0
//srv/p /mnt/Part\\040age\\134x cifs rw 0 0
tmpfs /hidden tmpfs rw 0 0
host:/x /hidden nfs rw 0 0
broken line
";

    #[test]
    fn the_longest_mount_point_decides() {
        let kind = |path: &str| network_mount(TABLE, Path::new(path)).map(|m| m.file_system);
        assert_eq!(kind("/srv/data"), None);
        assert_eq!(kind("/people/anne/data").as_deref(), Some("nfs4"));
        assert_eq!(kind("/people/local/data"), None);
        assert_eq!(kind("/peoplestead/data"), None, "a prefix of a name is not a parent");
        assert_eq!(kind("/mnt/Part age\\x/data").as_deref(), Some("cifs"));
        assert_eq!(kind("/hidden/data").as_deref(), Some("nfs"), "the last mount hides the first");
    }

    #[test]
    fn any_table_is_read_without_a_fault() {
        for table in ["", "\n\n", "a", "a \\ nfs", "a \\04 nfs", "a \\777 nfs", "a / "] {
            let _ = network_mount(table, Path::new("/x"));
        }
    }
}
