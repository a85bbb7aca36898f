//! As much of HTTP/1.1 as it takes to know where an answer ends.

use crate::Result;

/// The status of the answer that begins `bytes`, and its length with its head, once the head is
/// complete.
pub fn frame(bytes: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "a head that is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|line| line.get(..3)?.parse().ok())
        .ok_or_else(|| format!("not an HTTP/1.1 answer: {head}"))?;
    let body: usize = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .ok_or_else(|| format!("an answer without its length: {head}"))?;
    Ok(Some((status, end + 4 + body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_head_and_body() {
        let answer = b"HTTP/1.1 201 Created\r\nX: y\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(frame(answer), Ok(Some((201, answer.len()))));
        assert_eq!(
            frame(&answer[..answer.len() - 1]),
            Ok(Some((201, answer.len())))
        );
        assert_eq!(frame(&answer[..answer.len() - 3]), Ok(None));
    }

    #[test]
    fn what_we_cannot_frame_is_refused() {
        for answer in [
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 2\r\ncontent-length: 0\r\n\r\n",
            "HTTP/2 200\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        ] {
            assert!(frame(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
