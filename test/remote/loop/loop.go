// Package loop serves plugins and connects to them within one process: the whole protocol without a process border, for tests.
package loop

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/host/serve"
)

// Plugin is what the plugins are when they have gone over the protocol, served as one.
func Plugin(t testing.TB, plugins ...core.Plugin) core.Plugin {
	t.Helper()
	dir, err := os.MkdirTemp("", "zagg-loop-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	address := filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", address)
	require.NoError(t, err)
	server := grpc.NewServer(serve.ServerOptions()...)
	require.NoError(t, serve.Register(server, plugins...))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener) //nolint:errcheck // ends with Stop
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("unix:"+address, append(remote.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	p, err := remote.Connect(t.Context(), conn)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p.Core()
}
