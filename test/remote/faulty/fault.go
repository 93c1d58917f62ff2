package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A fault is what goes wrong in one call.
type fault struct {
	method, kind string
	after        int
	batches      bool // after counts batches alone
	once         string
	conns        *keeper
}

// due reports that it is time, and for the first time if once is given.
func (f *fault) due(method string, sent int) bool {
	if f.method == "" || !strings.HasSuffix(method, f.method) || sent != f.after {
		return false
	}
	if f.once != "" {
		file, err := os.OpenFile(f.once, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return false
		}
		file.Close()
	}
	fmt.Fprintf(os.Stderr, "faulty: %s now\n", f.kind)
	return true
}

// strike does what ends or stops the process or the call; corrupting a message is the caller's.
func (f *fault) strike(ctx context.Context) error {
	switch f.kind {
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Minute)
	case "exit":
		os.Exit(7)
	case "hang":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		time.Sleep(time.Minute) // it comes when it comes
	case "stall":
		<-ctx.Done()
		return ctx.Err()
	case "garbage":
		f.conns.spoil()
		time.Sleep(time.Minute)
	case "panic":
		panic("index out of range [3] with length 3")
	case "leak":
		for kept := [][]byte{}; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			kept = append(kept, bytes.Repeat([]byte{1}, 32<<20))
		}
	case "slow":
		time.Sleep(500 * time.Millisecond)
	case "error":
		return core.Errorf(core.Unsupported, "toy", "the moon", "no such place")
	}
	return nil
}

func (f *fault) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	due := f.due(info.FullMethod, f.after)
	if due {
		if err := f.strike(ctx); err != nil {
			return nil, err
		}
	}
	reply, err := handle(ctx, req)
	if due && err == nil && f.kind == "corrupt" {
		spoil(reply)
	}
	if due && err == nil && f.kind == "huge" {
		inflate(reply)
	}
	return reply, err
}

func (f *fault) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	s := &faultyStream{ServerStream: stream, fault: f, method: info.FullMethod}
	if info.IsClientStream && !info.IsServerStream && f.due(info.FullMethod, f.after) { // Upload: nothing is sent before its end
		if f.kind == "corrupt" {
			return stream.SendMsg(&zaggv1.Empty{})
		}
		if f.kind == "huge" {
			m := &zaggv1.Empty{}
			inflate(m)
			return stream.SendMsg(m)
		}
		if err := f.strike(stream.Context()); err != nil {
			return err
		}
	}
	return handle(srv, s)
}

// A faultyStream goes wrong when it sends the message after so many.
type faultyStream struct {
	grpc.ServerStream
	fault  *fault
	method string
	sent   int
}

func (s *faultyStream) SendMsg(m any) error {
	counts := !s.fault.batches
	if down, ok := m.(*zaggv1.ReadToHost); ok && down.GetBatch() != nil {
		counts = true
	}
	if counts && s.fault.kind != "log" && s.fault.due(s.method, s.sent) {
		time.Sleep(200 * time.Millisecond) // for what was sent to arrive
		if err := s.fault.strike(s.Context()); err != nil {
			return err
		}
		if s.fault.kind == "corrupt" {
			spoil(m)
		}
		if s.fault.kind == "huge" {
			inflate(m)
		}
	}
	if counts {
		s.sent++
	}
	return s.ServerStream.SendMsg(m)
}

// inflate makes a message larger than any may be.
func inflate(m any) {
	const field = 15<<3 | 2 // of bytes
	text := make([]byte, 100<<20)
	m.(proto.Message).ProtoReflect().SetUnknown(append(binary.AppendUvarint([]byte{field}, uint64(len(text))), text...))
}

// spoil makes a message one that should not be sent.
func spoil(m any) {
	switch m := m.(type) {
	case *zaggv1.PluginInfo:
		m.Makers = nil
	case *zaggv1.Instance:
		m.Handle = 0
	case *zaggv1.LocateReply:
		m.Slot = m.Slot[:len(m.Slot)-1]
	case *zaggv1.LocateInReply:
		m.Slot = m.Slot[:len(m.Slot)-1]
	case *zaggv1.IdentifyReply:
		m.Identities = append(m.Identities, &zaggv1.Identity{Data: "nothing"})
	case *zaggv1.CoverCellsReply:
		m.Parts = append(m.Parts, &zaggv1.CoverPart{Region: 1 << 20})
	case *zaggv1.CellAreasReply:
		m.Areas = append(m.Areas, 0)
	case *zaggv1.RestoreReply:
		m.Keys = append(m.Keys, "a key that was not asked about")
	case *zaggv1.CoverReply:
		m.Parts = append(m.Parts, &zaggv1.CoverPart{Region: 1 << 20})
	case *zaggv1.ShardsReply:
		m.Shards[0].Block = []byte{1, 2, 3}
	case *zaggv1.ColumnFrame:
		spoilColumns(m)
	case *zaggv1.ReadToHost:
		if f := m.GetFrame(); f != nil {
			spoilColumns(f)
			return
		}
		m.Message = &zaggv1.ReadToHost_Frame{Frame: &zaggv1.ColumnFrame{Pieces: []*zaggv1.Piece{{Data: []byte("stray")}}}}
	}
}

func spoilColumns(f *zaggv1.ColumnFrame) {
	f.Pieces = append(f.Pieces, &zaggv1.Piece{Head: &zaggv1.ColumnHead{Name: "\u2620", Type: 99}})
}

// A keeper keeps connections, to write nonsense into them.
type keeper struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

// Accept keeps what it gives.
func (k *keeper) Accept() (net.Conn, error) {
	c, err := k.Listener.Accept()
	if err == nil {
		k.mu.Lock()
		k.conns = append(k.conns, c)
		k.mu.Unlock()
	}
	return c, err
}

func (k *keeper) spoil() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.conns {
		_, _ = c.Write([]byte(strings.Repeat("this is no HTTP/2 frame ", 100)))
	}
}
