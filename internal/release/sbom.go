package release

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// sbom lists the modules that the programs and functions of the repository are built from, in CycloneDX 1.5, as JSON.
// It has no time stamp and no serial number, so that the same sources give the same bytes.
func sbom(ctx context.Context, source, tag string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Module", "./cmd/...")
	cmd.Dir = source
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, core.Errorf(core.Invalid, "list modules", source, "%s", strings.TrimSpace(string(exit.Stderr)))
		}
		return nil, core.Errorf(core.Unavailable, "list modules", source, "%w", err)
	}
	type component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
	}
	describe := func(kind, path, version string) component {
		purl := "pkg:golang/" + path + "@" + version
		return component{kind, purl, path, version, purl}
	}
	var components []component
	main := ""
	for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Module *struct {
				Path, Version string
				Main          bool
			}
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, core.Errorf(core.Corrupt, "list modules", source, "%w", err)
		}
		switch {
		case p.Module == nil:
		case p.Module.Main:
			main = p.Module.Path
		default:
			components = append(components, describe("library", p.Module.Path, p.Module.Version))
		}
	}
	slices.SortFunc(components, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	components = slices.Compact(components)
	b, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata":   map[string]any{"component": describe("application", main, tag)},
		"components": components,
	}, "", "  ")
	if err != nil {
		return nil, core.Errorf(core.Internal, "list modules", source, "%w", err)
	}
	return append(b, '\n'), nil
}
