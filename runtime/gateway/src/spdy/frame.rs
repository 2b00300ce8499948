//! Frames, between bytes and values. No IO.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::HeaderMap;

use super::error::ProtocolError;
use super::header_block::{BlockReader, BlockWriter};

/// Before the payload of every frame.
const HEADER_BYTES: usize = 8;
/// Control frames carry headers and numbers, never data.
const LARGEST_CONTROL_FRAME: usize = 64 * 1024;
const VERSION: u16 = 3;
const FIN: u8 = 1;
const NUMBER_MASK: u32 = 0x7fff_ffff;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;

const GOAWAY_PROTOCOL_ERROR: u32 = 1;

/// A stream's number in its connection. Those that the client opens are odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// Why a stream is ended at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetStatus {
    /// The peer broke the protocol.
    ProtocolError = 1,
    /// It is not served.
    Refused = 3,
    /// It is not needed any more.
    Cancel = 5,
}

/// Whether more follows from the same side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// More may follow.
    Open,
    /// Nothing follows.
    Finished,
}

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inbound {
    /// Open a stream.
    Open {
        id: StreamId,
        headers: HeaderMap,
        rest: Rest,
    },
    /// Part of a frame of data, or all of it.
    Data {
        id: StreamId,
        chunk: BytesMut,
        rest: Rest,
    },
    /// More headers; no client of Kubernetes sends any.
    Headers { id: StreamId, rest: Rest },
    /// A stream is over.
    Reset { id: StreamId },
    /// Say the same back.
    Ping { id: u32 },
    /// No more streams will be opened.
    GoAway,
    /// Settings, windows, and what only servers say.
    Ignored,
}

/// What this side says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outbound {
    /// The stream is served.
    Reply { id: StreamId },
    /// A stream is over.
    Reset { id: StreamId, status: ResetStatus },
    /// The answer to a ping, or one of this side's own.
    Ping { id: u32 },
    /// The peer broke the protocol, so this is the last that it hears.
    GoAway { last: StreamId },
    /// Data of a stream.
    Data {
        id: StreamId,
        payload: Bytes,
        rest: Rest,
    },
}

/// Takes frames from bytes as they arrive.
///
/// Data is passed on as it comes, so a frame of 16 MiB needs no more memory than one of 16 bytes.
pub(super) struct Decoder {
    headers: BlockReader,
    data: Option<DataFrame>,
}

/// The frame of data in which the next bytes stand.
struct DataFrame {
    id: StreamId,
    left: usize,
    rest: Rest,
}

impl Decoder {
    /// At the beginning of a connection.
    pub(super) fn new() -> Self {
        Self {
            headers: BlockReader::new(),
            data: None,
        }
    }

    /// Whether no frame has begun that has not ended.
    pub(super) fn is_between_frames(&self, input: &BytesMut) -> bool {
        self.data.is_none() && input.is_empty()
    }

    /// Takes what is complete from the beginning of `input`; `None` asks for more bytes.
    pub(super) fn decode(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<Inbound>, ProtocolError> {
        if let Some(data) = self.data.take() {
            return Ok(self.decode_data(data, input));
        }
        let Some(header) = input.first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let [first, second, third, fourth, flags, length @ ..] = *header;
        let word = u32::from_be_bytes([first, second, third, fourth]);
        let length = u32::from_be_bytes([0, length[0], length[1], length[2]]) as usize;
        let rest = rest_of(flags);
        if word & !NUMBER_MASK == 0 {
            if word == 0 {
                return Err(ProtocolError::Stream(0));
            }
            input.advance(HEADER_BYTES);
            let data = DataFrame {
                id: StreamId(word),
                left: length,
                rest,
            };
            return Ok(self.decode_data(data, input));
        }
        let version = (word >> 16) as u16 & 0x7fff;
        let kind = word as u16;
        if version != VERSION {
            return Err(ProtocolError::Version(version));
        }
        if length > LARGEST_CONTROL_FRAME {
            return Err(ProtocolError::TooLong { kind, length });
        }
        if input.len() < HEADER_BYTES + length {
            return Ok(None);
        }
        input.advance(HEADER_BYTES);
        let payload = input.split_to(length);
        self.decode_control(kind, rest, &payload).map(Some)
    }

    fn decode_data(&mut self, mut data: DataFrame, input: &mut BytesMut) -> Option<Inbound> {
        let length = data.left.min(input.len());
        if length == 0 && data.left > 0 {
            self.data = Some(data);
            return None;
        }
        data.left -= length;
        let (id, is_whole) = (data.id, data.left == 0);
        let rest = if is_whole { data.rest } else { Rest::Open };
        self.data = (!is_whole).then_some(data);
        let chunk = input.split_to(length);
        Some(Inbound::Data { id, chunk, rest })
    }

    fn decode_control(
        &mut self,
        kind: u16,
        rest: Rest,
        payload: &[u8],
    ) -> Result<Inbound, ProtocolError> {
        let length = payload.len();
        let too_short = || ProtocolError::TooShort { kind, length };
        let after = |at: usize| payload.get(at..).ok_or_else(too_short);
        let number = || {
            let bytes = payload.first_chunk().ok_or_else(too_short)?;
            Ok::<_, ProtocolError>(u32::from_be_bytes(*bytes))
        };
        let stream = || match number()? & NUMBER_MASK {
            0 => Err(ProtocolError::Stream(0)),
            id => Ok(StreamId(id)),
        };
        match kind {
            SYN_STREAM => {
                // After the number: the stream it belongs to, a priority and a slot, which all mean nothing here.
                let headers = self.headers.read(after(10)?)?;
                let id = stream()?;
                Ok(Inbound::Open { id, headers, rest })
            }
            SYN_REPLY => {
                // Clients have nothing to reply to, but the block is part of the compression.
                self.headers.read(after(4)?)?;
                Ok(Inbound::Ignored)
            }
            HEADERS => {
                self.headers.read(after(4)?)?;
                let id = stream()?;
                Ok(Inbound::Headers { id, rest })
            }
            RST_STREAM => Ok(Inbound::Reset { id: stream()? }),
            PING => Ok(Inbound::Ping { id: number()? }),
            GOAWAY => Ok(Inbound::GoAway),
            _ => Ok(Inbound::Ignored),
        }
    }
}

fn rest_of(flags: u8) -> Rest {
    if flags & FIN == 0 {
        Rest::Open
    } else {
        Rest::Finished
    }
}

/// Makes bytes of frames.
pub(super) struct Encoder {
    headers: BlockWriter,
}

impl Encoder {
    /// At the beginning of a connection.
    pub(super) fn new() -> Self {
        Self {
            headers: BlockWriter::new(),
        }
    }

    /// Writes a frame to `output`, but for the payload of data, which is returned so that it need not be copied.
    pub(super) fn encode(&mut self, frame: Outbound, output: &mut BytesMut) -> Bytes {
        match frame {
            Outbound::Reply { id } => {
                let block = self.headers.write(&HeaderMap::new());
                put_control(output, SYN_REPLY, 4 + block.len());
                output.put_u32(id.0);
                output.put_slice(&block);
            }
            Outbound::Reset { id, status } => {
                put_control(output, RST_STREAM, 8);
                output.put_u32(id.0);
                output.put_u32(status as u32);
            }
            Outbound::Ping { id } => {
                put_control(output, PING, 4);
                output.put_u32(id);
            }
            Outbound::GoAway { last } => {
                put_control(output, GOAWAY, 8);
                output.put_u32(last.0);
                output.put_u32(GOAWAY_PROTOCOL_ERROR);
            }
            Outbound::Data { id, payload, rest } => {
                output.put_u32(id.0);
                let flags = match rest {
                    Rest::Open => 0,
                    Rest::Finished => u32::from(FIN),
                };
                output.put_u32(flags << 24 | payload.len() as u32);
                return payload;
            }
        }
        Bytes::new()
    }
}

fn put_control(output: &mut BytesMut, kind: u16, length: usize) {
    output.put_u16(0x8000 | VERSION);
    output.put_u16(kind);
    output.put_u32(length as u32);
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn control(kind: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = BytesMut::new();
        put_control(&mut frame, kind, payload.len());
        frame[4] = flags;
        frame.put_slice(payload);
        frame.to_vec()
    }

    fn data(id: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = BytesMut::new();
        frame.put_u32(id);
        frame.put_u32(u32::from(flags) << 24 | payload.len() as u32);
        frame.put_slice(payload);
        frame.to_vec()
    }

    /// Everything that can be read, with the chunks of a stream's data joined.
    fn decode(bytes: &[u8], step: usize) -> Result<Vec<Inbound>, ProtocolError> {
        let (mut decoder, mut input, mut said) = (Decoder::new(), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(step) {
            input.extend_from_slice(piece);
            while let Some(next) = decoder.decode(&mut input)? {
                join(&mut said, next);
            }
        }
        Ok(said)
    }

    fn join(said: &mut Vec<Inbound>, next: Inbound) {
        match (said.last_mut(), next) {
            (
                Some(Inbound::Data {
                    id,
                    chunk,
                    rest: rest @ Rest::Open,
                }),
                Inbound::Data {
                    id: next_id,
                    chunk: next_chunk,
                    rest: next_rest,
                },
            ) if *id == next_id => {
                chunk.extend_from_slice(&next_chunk);
                *rest = next_rest;
            }
            (_, next) => said.push(next),
        }
    }

    fn conversation() -> (Vec<u8>, Vec<Inbound>) {
        let headers: HeaderMap = [("streamtype", "data"), ("port", "8080")]
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .into_iter()
            .collect();
        let mut writer = BlockWriter::new();
        let open = |id: u32, block: Vec<u8>| {
            let payload = [&id.to_be_bytes()[..], &[0; 6], &block].concat();
            control(SYN_STREAM, 0, &payload)
        };
        let bytes = [
            open(1, writer.write(&headers)),
            control(PING, 0, &7_u32.to_be_bytes()),
            open(3, writer.write(&headers)),
            data(1, 0, b"abc"),
            data(3, FIN, b""),
            data(1, FIN, &[7; 3000]),
            control(9, 0, &[0; 8]),
            control(
                RST_STREAM,
                0,
                &[1_u32.to_be_bytes(), 5_u32.to_be_bytes()].concat(),
            ),
            control(GOAWAY, 0, &[0; 8]),
        ]
        .concat();
        let opened = |id| Inbound::Open {
            id: StreamId(id),
            headers: headers.clone(),
            rest: Rest::Open,
        };
        let said = |id, chunk: &[u8], rest| Inbound::Data {
            id: StreamId(id),
            chunk: chunk.into(),
            rest,
        };
        let expected = vec![
            opened(1),
            Inbound::Ping { id: 7 },
            opened(3),
            said(1, b"abc", Rest::Open),
            said(3, b"", Rest::Finished),
            said(1, &[7; 3000], Rest::Finished),
            Inbound::Ignored,
            Inbound::Reset { id: StreamId(1) },
            Inbound::GoAway,
        ];
        (bytes, expected)
    }

    #[test]
    fn what_is_not_spdy_is_told_at_once() {
        let check = |bytes: &[u8], expected: ProtocolError| {
            assert_eq!(decode(bytes, 1), Err(expected), "{bytes:?}");
        };
        check(b"\x80\x02\x00\x01\0\0\0\0", ProtocolError::Version(2));
        check(&data(0, 0, b""), ProtocolError::Stream(0));
        check(&control(RST_STREAM, 0, &[0; 8]), ProtocolError::Stream(0));
        check(
            &control(PING, 0, &[1]),
            ProtocolError::TooShort {
                kind: PING,
                length: 1,
            },
        );
        check(
            &control(SYN_STREAM, 0, &[0; 9]),
            ProtocolError::TooShort {
                kind: SYN_STREAM,
                length: 9,
            },
        );
        check(
            b"\x80\x03\x00\x01\0\xff\xff\xff",
            ProtocolError::TooLong {
                kind: SYN_STREAM,
                length: 0xff_ffff,
            },
        );
        let no_zlib = control(SYN_STREAM, 0, &[1; 40]);
        assert!(matches!(
            decode(&no_zlib, 64),
            Err(ProtocolError::Headers(_))
        ));
    }

    proptest! {
        #[test]
        fn bytes_may_arrive_in_any_pieces(step in 1_usize..4000) {
            let (bytes, expected) = conversation();
            prop_assert_eq!(decode(&bytes, step).unwrap(), expected);
        }

        #[test]
        fn any_bytes_are_frames_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000), step in 1_usize..100) {
            let _ = decode(&bytes, step);
        }

        #[test]
        fn a_conversation_that_was_tampered_with_is_read_or_refused(at in any::<prop::sample::Index>(), to in any::<u8>(), end in any::<prop::sample::Index>()) {
            let (mut bytes, _) = conversation();
            let at = at.index(bytes.len());
            bytes[at] = to;
            bytes.truncate(end.index(bytes.len()));
            let _ = decode(&bytes, 512);
        }
    }
}
