package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// docs/plugin-protocol.md has every call, every message with its fields and their numbers, and every value of the protocol, and no others.
func TestProtocolPageIsComplete(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "plugin-protocol.md"))
	require.NoError(t, err)
	page := string(text)
	file := zaggv1.File_zagg_v1_zagg_proto
	for i := range file.Services().Len() {
		s := file.Services().Get(i)
		for k := range s.Methods().Len() {
			name := fmt.Sprintf("`%s/%s`", s.Name(), s.Methods().Get(k).Name())
			require.Contains(t, page, "| "+name+" |", "the table of calls lacks %s", name)
		}
	}
	have := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```text\n(.*?)```").FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\n  ", " ")) {
			have[strings.TrimSpace(line)] = true
		}
	}
	for _, line := range linesOf(file) {
		require.True(t, have[line], "docs/plugin-protocol.md lacks this line, or has an older one: %s", line)
		delete(have, line)
	}
	require.Empty(t, have, "the protocol has no such messages")
}

// linesOf are the lines of the page about messages and enumerations.
func linesOf(file protoreflect.FileDescriptor) (lines []string) {
	for i := range file.Messages().Len() {
		m := file.Messages().Get(i)
		var fields []string
		for k := range m.Fields().Len() {
			fields = append(fields, fieldText(m.Fields().Get(k)))
		}
		if len(fields) == 0 {
			fields = []string{"no fields"}
		}
		lines = append(lines, string(m.Name())+": "+strings.Join(fields, ", "))
	}
	for i := range file.Enums().Len() {
		e := file.Enums().Get(i)
		var values []string
		for k := range e.Values().Len() {
			v := e.Values().Get(k)
			values = append(values, fmt.Sprintf("%s=%d", v.Name(), v.Number()))
		}
		lines = append(lines, string(e.Name())+": "+strings.Join(values, ", "))
	}
	return lines
}

// fieldText is a field's name, number and type: "keys=2 repeated string".
func fieldText(f protoreflect.FieldDescriptor) string {
	kind := f.Kind().String()
	switch {
	case f.Message() != nil:
		kind = string(f.Message().Name())
	case f.Enum() != nil:
		kind = string(f.Enum().Name())
	}
	label := ""
	switch {
	case f.IsList():
		label = "repeated "
	case f.HasOptionalKeyword():
		label = "optional "
	}
	return fmt.Sprintf("%s=%d %s%s", f.Name(), f.Number(), label, kind)
}
