// Package serve turns core.Plugin values into a plugin process: the other end of host/remote. A plugin's main is
//
//	func main() { serve.Main(healpix.Plugin()) }
//
// and knows nothing of processes, sockets or messages. proto/zagg/v1/zagg.proto describes what goes over the border.
//
// Its tests are in test/remote, where plugins run as processes and fail in every call.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// Main serves the plugins as one, under the first one's name and version, until the host ends it. It is a program's whole main.
func Main(plugins ...core.Plugin) {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		fmt.Fprintln(os.Stderr, "This is a plugin for zagg, which starts it. Try: zagg plugins describe "+os.Args[0])
		os.Exit(1)
	}
	s, err := newServer(plugins...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go endWithHost()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: wire.Version, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue},
		Plugins:         plugin.PluginSet{"zagg": &registrar{server: s}},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, append(ServerOptions(), grpc.ChainUnaryInterceptor(keepStderr(os.Stderr)))...)...)
		},
		Logger: hclog.NewNullLogger(),
	})
}

// endWithHost ends the process when the host goes: the host holds the other end of standard input open and writes nothing.
func endWithHost() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(gone)
	}()
	select {
	case <-asked:
	case <-gone:
	}
	os.RemoveAll(os.Getenv(plugin.EnvUnixSocketDir))
	os.Exit(0)
}

// keepStderr undoes what go-plugin does to os.Stdout and os.Stderr before the first call: the host reads them from the process itself, so
// that nothing is lost in a crash.
func keepStderr(stderr *os.File) grpc.UnaryServerInterceptor {
	restore := sync.OnceFunc(func() { os.Stdout, os.Stderr = stderr, stderr })
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		restore()
		return handle(ctx, req)
	}
}

// Register adds the services of the plugins to a gRPC server made with ServerOptions.
func Register(to grpc.ServiceRegistrar, plugins ...core.Plugin) error {
	s, err := newServer(plugins...)
	if err == nil {
		s.register(to)
	}
	return err
}

// ServerOptions are what a server for Register needs: sizes, and errors that travel with their codes.
func ServerOptions() []grpc.ServerOption {
	stream, conn := wire.Windows()
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage),
		grpc.ForceServerCodecV2(wire.NewCodec()), grpc.ReadBufferSize(wire.SocketBuffer), grpc.WriteBufferSize(wire.SocketBuffer),
		grpc.InitialWindowSize(stream), grpc.InitialConnWindowSize(conn),
		grpc.ChainUnaryInterceptor(unaryErrors), grpc.ChainStreamInterceptor(streamErrors),
	}
}

// A registrar is how go-plugin asks for services.
type registrar struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

var _ plugin.GRPCPlugin = (*registrar)(nil)

func (r *registrar) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	r.server.register(s)
	return nil
}

func (r *registrar) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("this end serves")
}

func (s *server) register(to grpc.ServiceRegistrar) {
	zaggv1.RegisterPluginServer(to, &pluginServer{server: s})
	zaggv1.RegisterGridServer(to, &gridServer{server: s})
	zaggv1.RegisterReaderServer(to, &readerServer{server: s})
	zaggv1.RegisterStatisticServer(to, &statisticServer{server: s, values: map[uint64][]byte{}})
}
