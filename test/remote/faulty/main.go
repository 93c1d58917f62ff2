// Command faulty is a plugin that misbehaves as its flags say. It serves the real services without go-plugin's server, as plugins in
// other languages do.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/plugins/stats"
)

func main() {
	start := flag.String("start", "", "what goes wrong at start")
	flag.String("tag", "", "to be found among the processes by")
	prefix := flag.String("prefix", "", "before the names of what is offered")
	f := &fault{}
	flag.StringVar(&f.method, "method", "", "the call that goes wrong, such as Grid/Locate")
	flag.StringVar(&f.kind, "kind", "", "how: kill, exit, hang, stall, corrupt, garbage, huge, leak, panic, error, slow, or only log")
	flag.IntVar(&f.after, "after", 0, "messages of a stream that are sent before")
	flag.BoolVar(&f.batches, "batches", false, "after counts batches, not messages")
	flag.StringVar(&f.once, "once", "", "a file that says it has gone wrong already")
	flag.Parse()
	fmt.Fprintln(os.Stderr, "faulty: started with AWS_SECRET_ACCESS_KEY="+os.Getenv("AWS_SECRET_ACCESS_KEY")+" token=abcdefgh12345678")
	failStart(*start)

	address := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s")
	listener, err := net.Listen("unix", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	keeper := &keeper{Listener: listener}
	f.conns = keeper
	server := grpc.NewServer(append(serve.ServerOptions(), grpc.ChainUnaryInterceptor(f.unary), grpc.ChainStreamInterceptor(f.stream))...)
	if err := serve.Register(server, offer(*prefix)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lives := health.NewServer()
	lives.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, lives)
	switch *start {
	case "deaf":
		fmt.Printf("1|1|unix|%s|grpc|\n", address)
		time.Sleep(time.Hour)
	case "late words":
		fmt.Printf("1|1|unix|%s|grpc|\nprogress on stdout, which belongs on stderr\n", address)
	default:
		fmt.Printf("1|1|unix|%s|grpc|\n", address)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		if *start != "stays" {
			os.Exit(0)
		}
	}()
	_ = server.Serve(keeper)
}

// offer is a grid, a reader and statistics in one plugin.
func offer(prefix string) core.Plugin {
	p := core.Plugin{Name: "faulty", Version: "1", Grids: healpix.Plugin().Grids, Readers: atl06.Plugin().Readers, Statistics: stats.Plugin().Statistics}
	for i := range p.Grids {
		p.Grids[i].Name = prefix + p.Grids[i].Name
	}
	for i := range p.Readers {
		p.Readers[i].Name = prefix + p.Readers[i].Name
	}
	for i := range p.Statistics {
		p.Statistics[i].Name = prefix + p.Statistics[i].Name
	}
	return p
}

// failStart is what goes wrong before the handshake.
func failStart(how string) {
	dir := os.Getenv("PLUGIN_UNIX_SOCKET_DIR")
	line := map[string]string{
		"garbage":   "Hello, I am a plugin!",
		"version":   "1|2|unix|" + dir + "/s|grpc|",
		"handshake": "7|1|unix|" + dir + "/s|grpc|",
		"tcp":       "1|1|tcp|127.0.0.1:1|grpc|",
		"netrpc":    "1|1|unix|" + dir + "/s|netrpc|",
		"outside":   "1|1|unix|/tmp/elsewhere|grpc|",
		"nobody":    "1|1|unix|" + dir + "/nobody|grpc|",
		"spew":      strings.Repeat("x", 1<<20),
	}[how]
	switch {
	case line != "":
		fmt.Println(line)
		time.Sleep(time.Hour)
	case how == "exit":
		fmt.Fprintln(os.Stderr, "cannot open my model file")
		os.Exit(3)
	case how == "hang":
		time.Sleep(time.Hour)
	case how == "close":
		os.Stdout.Close()
		time.Sleep(time.Hour)
	case how == "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case how == "child", how == "stays":
		child := exec.Command("sleep", "3600")
		child.Args[0] = "sleep-" + flag.Lookup("tag").Value.String()
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		_ = child.Start()
	}
}
