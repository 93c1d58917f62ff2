package serve

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
)

// unaryErrors sends a call's error with its code.
func unaryErrors(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	defer func() {
		err = recovered(recover(), info.FullMethod, err)
		if err != nil {
			s, md := wire.Status(err)
			err = s
			_ = grpc.SetTrailer(ctx, md) // fails only outside a call
		}
	}()
	return handle(ctx, req)
}

// streamErrors is unaryErrors for streams.
func streamErrors(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	defer func() {
		err = recovered(recover(), info.FullMethod, err)
		if err != nil {
			s, md := wire.Status(err)
			stream.SetTrailer(md)
			err = s
		}
	}()
	return handle(srv, stream)
}

// recovered makes a panic the call's error: a bug in one call does not take the other calls of the process with it.
func recovered(p any, method string, err error) error {
	if p == nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "panic in %s: %v\n%s\n", method, p, debug.Stack())
	return core.Errorf(core.Internal, "plugin", method, "panic: %v", p)
}
