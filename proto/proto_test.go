package proto

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The generated code is that of the .proto, which is clean and breaks nothing that was released.
func TestGenerated(t *testing.T) {
	buf := tool(t, "buf")
	for _, name := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		tool(t, name)
	}
	run(t, buf, "lint")
	run(t, buf, "breaking", "--against", "released.binpb")
	out := t.TempDir()
	run(t, buf, "generate", "--output", out)
	for _, name := range []string{"zagg.pb.go", "zagg_grpc.pb.go"} {
		have, err := os.ReadFile(filepath.Join("zagg", "v1", name))
		require.NoError(t, err)
		want, err := os.ReadFile(filepath.Join(out, "zagg", "v1", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(have), "%s is out of date: run proto/generate.sh", name)
	}
}

// tool finds a program on PATH, where protoc plugins are looked for too.
func tool(t *testing.T, name string) string {
	if gopath, err := exec.Command("go", "env", "GOPATH").Output(); err == nil {
		t.Setenv("PATH", os.Getenv("PATH")+string(os.PathListSeparator)+filepath.Join(string(gopath[:len(gopath)-1]), "bin"))
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: see generate.sh", name)
	}
	return path
}

func run(t *testing.T, name string, args ...string) {
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %v\n%s", name, args, out)
}
