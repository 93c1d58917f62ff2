package bundle

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/englacial/zagg/core"
)

// Limits of what a function may be made from (AWS Lambda, "Quotas"), and of what a bundle holds.
const (
	maxUnpacked = 250 << 20
	maxEntries  = 1000
	maxManifest = 16 << 20
)

// A Description is what a zip says that it is.
type Description struct {
	Arch     string // GOARCH of the program in it
	Function string // of Functions
	Version  string // of zagg
	Plugins  []string
	Unpacked int64 // bytes of all files
}

// Inspect reads a zip that was made by Build, as far as can be told without running it, and refuses any other. At most
// what Lambda takes is unpacked.
func Inspect(name string) (*Description, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		code := core.Invalid
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			code = core.NotFound
		}
		return nil, core.Errorf(code, "bundle", name, "it is not a zip that can be read: %w", err)
	}
	defer z.Close() //nolint:errcheck // only read
	d, err := describe(&z.Reader)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "bundle", name, "%w; `zagg bundle` makes one", err)
	}
	return d, nil
}

func describe(z *zip.Reader) (*Description, error) {
	d := &Description{}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("it holds %d files, which no bundle does", len(z.File))
	}
	for _, f := range z.File {
		if f.UncompressedSize64 > maxUnpacked || d.Unpacked > maxUnpacked {
			return nil, fmt.Errorf("unpacked it is larger than the %d MB that Lambda takes", maxUnpacked>>20)
		}
		d.Unpacked += int64(f.UncompressedSize64)
	}
	if d.Unpacked > maxUnpacked {
		return nil, fmt.Errorf("unpacked it has %d MB, more than the %d that Lambda takes", d.Unpacked>>20, maxUnpacked>>20)
	}
	if err := d.program(z); err != nil {
		return nil, err
	}
	return d, d.manifest(z)
}

// program finds out what the bootstrap runs on.
func (d *Description) program(z *zip.Reader) error {
	f := entry(z, "bootstrap")
	if f == nil {
		return fmt.Errorf("it has no file bootstrap, which Lambda would start")
	}
	if f.Mode().Perm()&0o111 == 0 {
		return fmt.Errorf("its bootstrap is not executable")
	}
	data, err := unpack(f, maxUnpacked)
	if err != nil {
		return err
	}
	program, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("its bootstrap is not a program for Linux: %w", err)
	}
	switch {
	case program.Class == elf.ELFCLASS64 && program.Machine == elf.EM_AARCH64:
		d.Arch = "arm64"
	case program.Class == elf.ELFCLASS64 && program.Machine == elf.EM_X86_64:
		d.Arch = "amd64"
	default:
		return fmt.Errorf("its bootstrap is for %s, which Lambda does not have", program.Machine)
	}
	if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return fmt.Errorf("its bootstrap is not static")
	}
	return nil
}

// manifest compares what is written beside the program with it.
func (d *Description) manifest(z *zip.Reader) error {
	f := entry(z, "manifest.json")
	if f == nil {
		return fmt.Errorf("it has no manifest.json")
	}
	data, err := unpack(f, maxManifest)
	if err != nil {
		return err
	}
	var m struct {
		Arch     string                  `json:"arch"`
		Function string                  `json:"function"`
		Version  string                  `json:"zagg_version"`
		Plugins  []struct{ Name string } `json:"plugins"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("its manifest.json cannot be read: %w", err)
	}
	if m.Arch != d.Arch {
		return fmt.Errorf("its manifest says %q and its bootstrap is for %s", m.Arch, d.Arch)
	}
	if _, ok := Functions()[m.Function]; !ok {
		return fmt.Errorf("its manifest says it is the function %q, which is none of zagg's", m.Function)
	}
	d.Function, d.Version = m.Function, m.Version
	for _, p := range m.Plugins {
		d.Plugins = append(d.Plugins, p.Name)
	}
	return nil
}

// entry is a file of the zip's top; nil: there is none.
func entry(z *zip.Reader, name string) *zip.File {
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return z.File[i]
}

// unpack reads a file whatever its header says of its size.
func unpack(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("its %s cannot be read: %w", f.Name, err)
	}
	defer r.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("its %s cannot be read: %w", f.Name, err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("its %s has more than %d MB", f.Name, most>>20)
	}
	return data, nil
}
