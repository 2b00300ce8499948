//! The protocols that are spoken, by the names under which clients ask for them.

use super::status::ErrorFormat;

/// How a channel's bytes stand in a WebSocket's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// The channel's number, then the bytes.
    Binary,
    /// The channel's digit, then the bytes as base64, as text.
    Base64,
}

/// Whether a client says that it has written all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HalfClose {
    /// It cannot, so a message of channel 255 is nothing special.
    Unknown,
    /// With a message of channel 255 that names the channel.
    Signalled,
}

/// How a command is spoken of over a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChannelProtocol {
    pub(super) framing: Framing,
    pub(super) format: ErrorFormat,
    pub(super) half_close: HalfClose,
}

/// How a command is spoken of over SPDY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamProtocol {
    pub(super) format: ErrorFormat,
    pub(super) terminal: Terminal,
}

/// Whether a terminal's client opens a stream for its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Terminal {
    Fixed,
    Resizable,
}

/// How a port is forwarded over a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForwardProtocol {
    /// Two channels a port.
    Channels(Framing),
    /// SPDY's bytes in binary messages.
    Tunnel,
}

/// What is spoken, and under which names.
pub(super) struct Table<Protocol: 'static> {
    pub(super) names: &'static [&'static str],
    pub(super) protocols: &'static [Protocol],
}

impl<Protocol: Copy> Table<Protocol> {
    /// The first of the client's protocols that is spoken. A client that names none asks for `""`.
    pub(super) fn choose(&self, asked: &[String]) -> Option<(&'static str, Protocol)> {
        let asked = asked.iter().map(String::as_str);
        let found = asked.filter_map(|asked| self.names.iter().position(|name| *name == asked));
        let place = found.take(1).next()?;
        Some((self.names[place], self.protocols[place]))
    }
}

const fn channels(framing: Framing, format: ErrorFormat, half_close: HalfClose) -> ChannelProtocol {
    ChannelProtocol {
        framing,
        format,
        half_close,
    }
}

/// Exec and attach over a WebSocket.
pub(super) const WEBSOCKET_COMMAND: Table<ChannelProtocol> = Table {
    names: &[
        "v5.channel.k8s.io",
        "v4.channel.k8s.io",
        "v4.base64.channel.k8s.io",
        "channel.k8s.io",
        "base64.channel.k8s.io",
        "",
    ],
    protocols: &[
        channels(Framing::Binary, ErrorFormat::Status, HalfClose::Signalled),
        channels(Framing::Binary, ErrorFormat::Status, HalfClose::Unknown),
        channels(Framing::Base64, ErrorFormat::Status, HalfClose::Unknown),
        channels(Framing::Binary, ErrorFormat::Text, HalfClose::Unknown),
        channels(Framing::Base64, ErrorFormat::Text, HalfClose::Unknown),
        channels(Framing::Binary, ErrorFormat::Text, HalfClose::Unknown),
    ],
};

/// Exec and attach over SPDY.
pub(super) const SPDY_COMMAND: Table<StreamProtocol> = Table {
    names: &[
        "v4.channel.k8s.io",
        "v3.channel.k8s.io",
        "v2.channel.k8s.io",
        "channel.k8s.io",
    ],
    protocols: &[
        StreamProtocol {
            format: ErrorFormat::Status,
            terminal: Terminal::Resizable,
        },
        StreamProtocol {
            format: ErrorFormat::Text,
            terminal: Terminal::Resizable,
        },
        StreamProtocol {
            format: ErrorFormat::Text,
            terminal: Terminal::Fixed,
        },
        StreamProtocol {
            format: ErrorFormat::Text,
            terminal: Terminal::Fixed,
        },
    ],
};

/// Port-forward over a WebSocket.
pub(super) const WEBSOCKET_FORWARD: Table<ForwardProtocol> = Table {
    names: &[
        "SPDY/3.1+portforward.k8s.io",
        "v4.channel.k8s.io",
        "v4.base64.channel.k8s.io",
        "",
    ],
    protocols: &[
        ForwardProtocol::Tunnel,
        ForwardProtocol::Channels(Framing::Binary),
        ForwardProtocol::Channels(Framing::Base64),
        ForwardProtocol::Channels(Framing::Binary),
    ],
};

/// Port-forward over SPDY.
pub(super) const SPDY_FORWARD: Table<()> = Table {
    names: &["portforward.k8s.io"],
    protocols: &[()],
};
