//! Channels in messages. No IO.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use tokio_websockets::Message;

use crate::remote::protocol::Framing;

impl Framing {
    /// A message that carries bytes of a channel.
    pub(super) fn encode(self, channel: u8, bytes: &[u8]) -> Message {
        match self {
            Self::Binary => {
                let mut message = BytesMut::with_capacity(1 + bytes.len());
                message.put_u8(channel);
                message.put_slice(bytes);
                Message::binary(message)
            }
            Self::Base64 => {
                let mut message = String::with_capacity(1 + bytes.len().div_ceil(3) * 4);
                message.push((b'0' + channel).into());
                BASE64_STANDARD.encode_string(bytes, &mut message);
                Message::text(message)
            }
        }
    }

    /// The channel of a message and its bytes, unless it is none of a channel.
    pub(super) fn decode(self, message: Message) -> Option<(u8, Bytes)> {
        if !message.is_binary() && !message.is_text() {
            return None;
        }
        let mut bytes = Bytes::from(message.into_payload());
        let first = bytes.split_to(1.min(bytes.len()));
        let channel = *first.first()?;
        match self {
            Self::Binary => Some((channel, bytes)),
            Self::Base64 => {
                let bytes = BASE64_STANDARD.decode(bytes).ok()?;
                Some((channel.checked_sub(b'0')?, bytes.into()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_framed_is_read(channel in 0_u8..10, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for framing in [Framing::Binary, Framing::Base64] {
                let read = framing.decode(framing.encode(channel, &bytes));
                prop_assert_eq!(read, Some((channel, Bytes::from(bytes.clone()))));
            }
        }

        #[test]
        fn any_message_is_of_a_channel_or_of_none(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            for framing in [Framing::Binary, Framing::Base64] {
                let _ = framing.decode(Message::binary(bytes.clone()));
            }
        }
    }

    #[test]
    fn the_documented_examples_are_read() {
        let binary = Framing::Binary.decode(Message::binary(vec![0, 102, 111, 111, 10]));
        assert_eq!(binary, Some((0, Bytes::from_static(b"foo\n"))));
        let base64 = Framing::Base64.decode(Message::text("0Zm9vCg=="));
        assert_eq!(base64, Some((0, Bytes::from_static(b"foo\n"))));
        let base64 = Framing::Base64.encode(1, b"\n");
        assert_eq!(base64.as_text(), Some("1Cg=="));
        assert_eq!(Framing::Binary.decode(Message::binary(vec![])), None);
    }
}
