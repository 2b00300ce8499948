"""A session bus with what a desktop's shell has on it: a tray that takes items, and notifications that can be clicked."""

import subprocess
import threading

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_call, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

WATCHER = "org.kde.StatusNotifierWatcher"
NOTIFICATIONS = "org.freedesktop.Notifications"
PROPERTIES = "org.freedesktop.DBus.Properties"
MENU = "com.canonical.dbusmenu"


class Bus:
    def __init__(self, folder):
        folder.mkdir()
        command = ["dbus-daemon", "--session", "--nofork", "--print-address=1", f"--address=unix:dir={folder}"]
        self.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.address = self.daemon.stdout.readline().strip()
        # What applications have put into the tray: who, and where its object is.
        self.items = []
        # What was told: its number, a title, a text, and the words that a click may say.
        self.notifications = []
        self.shell = open_dbus_connection(self.address)
        for name in (WATCHER, NOTIFICATIONS):
            self.shell.send_and_get_reply(message_bus.RequestName(name))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                message = self.shell.receive()
            except (ConnectionError, OSError):
                return
            if message.header.message_type is MessageType.method_call:
                self.shell.send(self._answer(message))

    def _answer(self, call):
        fields = call.header.fields
        sender, member = fields[HeaderFields.sender], fields[HeaderFields.member]
        match fields.get(HeaderFields.interface), member:
            case (_, "RegisterStatusNotifierItem"):
                self.items.append((sender, call.body[0] if call.body[0].startswith("/") else "/StatusNotifierItem"))
                return new_method_return(call)
            case (_, "Notify"):
                _, _, _, title, text, actions, _, _ = call.body
                self.notifications.append({"number": len(self.notifications) + 1, "title": title, "text": text, "actions": actions[::2], "to": sender})
                return new_method_return(call, "u", (len(self.notifications),))
            case (_, "GetCapabilities"):
                return new_method_return(call, "as", (["body", "actions"],))
            case (_, "GetServerInformation"):
                return new_method_return(call, "ssss", ("tests", "coracle", "1", "1.2"))
            case (_, "Get"):
                known = {"IsStatusNotifierHostRegistered": ("b", True), "ProtocolVersion": ("i", 0), "RegisteredStatusNotifierItems": ("as", [])}
                return new_method_return(call, "v", (known[call.body[1]],))
            case (_, "GetAll"):
                return new_method_return(call, "a{sv}", ({"IsStatusNotifierHostRegistered": ("b", True), "ProtocolVersion": ("i", 0)},))
            case _:
                return new_error(call, "org.freedesktop.DBus.Error.UnknownMethod", "s", (member,))

    def click(self, notification):
        """The user clicks a notification, which closes it."""
        source = DBusAddress("/org/freedesktop/Notifications", interface=NOTIFICATIONS)
        self.shell.send(new_signal(source, "ActionInvoked", "us", (notification["number"], "default")))
        self.shell.send(new_signal(source, "NotificationClosed", "uu", (notification["number"], 2)))

    def ask(self, who, path, interface, member, signature=None, body=()):
        """Asks an application, over a connection of its own."""
        with open_dbus_connection(self.address) as connection:
            address = DBusAddress(path, bus_name=who, interface=interface)
            reply = connection.send_and_get_reply(new_method_call(address, member, signature, body), timeout=10)
        assert reply.header.message_type is MessageType.method_return, reply.body
        return reply.body

    def close(self):
        self.shell.close()
        self.daemon.terminate()
        self.daemon.wait(20)


class Tray:
    """The newest item in the tray, and its menu."""

    def __init__(self, bus):
        self.bus = bus
        self.who, self.path = bus.items[-1]

    def property(self, name):
        return self.bus.ask(self.who, self.path, PROPERTIES, "Get", "ss", ("org.kde.StatusNotifierItem", name))[0][1]

    def _menu(self):
        """Number, text and state of each line."""
        menu = self.property("Menu")
        _, (_, _, lines) = self.bus.ask(self.who, menu, MENU, "GetLayout", "iias", (0, -1, []))
        for _, (number, properties, _) in lines:
            text = properties.get("label", ("s", "-"))[1].replace("__", "_")
            yield menu, number, text, properties.get("toggle-state", ("i", None))[1]

    def lines(self):
        return [text for _, _, text, _ in self._menu()]

    def is_on(self, wanted):
        return next(state == 1 for _, _, text, state in self._menu() if text == wanted)

    def choose(self, wanted):
        menu, number = next((menu, number) for menu, number, text, _ in self._menu() if text == wanted)
        self.bus.ask(self.who, menu, MENU, "Event", "isvu", (number, "clicked", ("i", 0), 0))
