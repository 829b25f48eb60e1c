package main

import (
	"io"
	"log/slog"

	"github.com/tonaiagent/mpcnode/node"
)

// newLog returns the log that the configuration, which has been checked, asks for.
func newLog(w io.Writer, cfg node.Log) *slog.Logger {
	var level slog.Level // info
	if cfg.Level != "" && level.UnmarshalText([]byte(cfg.Level)) != nil {
		panic("log level " + cfg.Level + " passed the check")
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
