// Package wire turns core's types into the messages of the plugin protocol and back, for both ends of it: host/remote
// and host/serve. The messages themselves are described in proto/zagg/v1/zagg.proto.
//
// What comes in is checked here and nowhere else: sizes before memory is taken for them, shapes before they are divided by. Bytes
// that break the protocol are an Internal error, because a program at one end of it is wrong and no granule is. Columns that
// come in own their memory.
package wire

import (
	"time"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
)

// What both ends of the protocol agree on before they talk.
const (
	CookieKey   = "ZAGG_PLUGIN" // environment variable that a plugin looks for
	CookieValue = "grids-readers-statistics"
	Version     = 1 // of the protocol
)

// Sizes that both ends hold to.
const (
	MaxMessage   = 64 << 20  // bytes of a message
	FrameBytes   = 256 << 10 // bytes of columns in a message: larger ones are slower through a unix socket
	AnswerBytes  = 4 << 20   // bytes of ranges in a message: the plugin waits for all of them anyway, and copies those that are cut
	MaxPoints    = 1 << 18   // points in a call of Locate or Names
	MaxRegions   = 1024      // regions in a call of Cover
	MaxKeys      = 1 << 14   // keys in a call of Shards
	MaxNames     = 1 << 14   // names in a call of Identify
	MaxAsk       = 1 << 30   // bytes of an ask's ranges together
	SocketBuffer = 128 << 10 // bytes that are written to and read from the socket at once
	streamWindow = 8 << 20   // bytes that one call may have under way: batches are read ahead so far
	connWindow   = 64 << 20  // bytes that all calls together may have under way
)

// Windows are the HTTP/2 flow-control windows of a stream and of a connection.
func Windows() (stream, conn int32) { return streamWindow, connWindow }

// broken is an error about a message that its sender should not have sent.
func broken(format string, args ...any) error {
	return core.Errorf(core.Internal, "plugin protocol", "", format, args...)
}

// CheckText refuses text that a message cannot carry.
func CheckText(what string, texts ...string) error {
	for _, s := range texts {
		if !utf8.ValidString(s) {
			return core.Errorf(core.Invalid, "", "", "%s %q is not UTF-8", what, s)
		}
	}
	return nil
}

// timeText is RFC 3339 in UTC; "" for the zero time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func timeFrom(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, broken("%q is not a time", text)
	}
	return t, nil
}
