package main

import (
	"log/slog"
	"net"
	"strings"
)

// notify tells systemd, if it started this process, how it stands: sd_notify(3), one datagram.
func notify(log *slog.Logger, getenv func(string) string, state string) {
	socket := getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	if strings.HasPrefix(socket, "@") { // an abstract socket
		socket = "\x00" + socket[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err == nil {
		defer conn.Close()
		_, err = conn.Write([]byte(state))
	}
	if err != nil {
		log.Warn("tell systemd", "state", state, "err", err)
	}
}
