package remote

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/englacial/zagg/core"
)

// ReattachVariable is the environment variable with sockets of plugins that are already running, as in a debugger: NAME=SOCKET, several separated by
// commas.
const ReattachVariable = "ZAGG_REATTACH"

// Attached is the socket of a plugin that is already running; "": none is.
func Attached(getenv func(string) string, name string) string {
	for entry := range strings.SplitSeq(getenv(ReattachVariable), ",") {
		if of, socket, ok := strings.Cut(strings.TrimSpace(entry), "="); ok && of == name {
			return socket
		}
	}
	return ""
}

// patience is how long a plugin may stand still that is attached to: its author looks at it.
const patience = 24 * time.Hour

// Attach connects to a plugin that another has started. It is never ended, never started again, and never given up for its silence. Its digest is new
// each time, because nobody knows what it runs.
func Attach(ctx context.Context, name, socket string) (*Plugin, error) {
	conn, err := grpc.NewClient("unix:"+socket, append(DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "plugin", name, "%s: %w", socket, err)
	}
	o := Options{Name: name, Command: []string{"unix:" + socket}, Start: 10 * time.Second, Health: patience, Stall: patience}.withDefaults()
	first := true
	p, err := open(ctx, o, func(context.Context) (*session, error) {
		if !first {
			return nil, core.Errorf(core.Unavailable, "plugin", name, "the plugin at %s has ended", socket)
		}
		first = false
		return newSession(o, conn, nil), nil
	})
	if err != nil {
		conn.Close() //nolint:errcheck // it was of no use
		return nil, core.Wrapf(err, "plugin", name, "attaching to %s, as $%s says: %w", socket, ReattachVariable, err)
	}
	var unique [32]byte
	_, _ = rand.Read(unique[:]) // never fails
	p.digest = hex.EncodeToString(unique[:])
	return p, nil
}
