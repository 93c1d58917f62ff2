package bench

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// Bundles are the zips of a release: three functions, two architectures, no layers, since a bundle has all it needs.
func Bundles() []string {
	var names []string
	for _, function := range []string{"lambda_function", "lambda_hdf", "lambda_zipedit"} {
		for _, arch := range []string{"arm64", "x86_64"} {
			names = append(names, function+"_"+arch+".zip")
		}
	}
	slices.Sort(names)
	return names
}

// Versions is versions.json of a distribution bucket: which minor versions there are.
type Versions struct {
	Minors    []string `json:"minors"`     // "0.9", "0.10", in the order of their numbers
	Latest    string   `json:"latest"`     // the greatest minor
	LatestTag string   `json:"latest_tag"` // the tag released last
}

// versionsName is the file of a distribution bucket that lists its versions.
const versionsName = "versions.json"

// SumsName is the file of checksums beside the bundles of a minor version.
const SumsName = "SHA256SUMS"

// Minor is the minor version of a tag: "1.2" of "1.2.3" and of "v1.2.3".
func Minor(tag string) (string, error) {
	m := tagPattern().FindStringSubmatch(tag)
	if m == nil {
		return "", core.Errorf(core.Invalid, "read version", tag, "a tag such as 1.2.3 is expected")
	}
	return m[1] + "." + m[2], nil
}

func tagPattern() *regexp.Regexp {
	return regexp.MustCompile(`^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)
}

// With is v after a release: releasing an old minor again keeps Latest.
func (v Versions) With(tag string) (Versions, error) {
	minor, err := Minor(tag)
	if err != nil {
		return v, err
	}
	minors := append(slices.Clone(v.Minors), minor)
	for _, m := range minors {
		if _, err := Minor(m + ".0"); err != nil {
			return v, core.Errorf(core.Corrupt, "read version", versionsName, "minors has %q", m)
		}
	}
	slices.SortFunc(minors, compareMinors)
	minors = slices.Compact(minors)
	return Versions{Minors: minors, Latest: minors[len(minors)-1], LatestTag: tag}, nil
}

// compareMinors orders by number: 0.10 comes after 0.9.
func compareMinors(a, b string) int {
	part := func(s string, i int) int {
		n, _ := strconv.Atoi(strings.Split(s, ".")[i])
		return n
	}
	return cmp.Or(cmp.Compare(part(a, 0), part(b, 0)), cmp.Compare(part(a, 1), part(b, 1)))
}

// CheckBundles says whether a folder holds exactly the bundles of a release among its zips; a release stops here before
// anything is uploaded.
func CheckBundles(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, "*.zip"))
	if err != nil {
		return core.Errorf(core.Invalid, "check bundles", dir, "%w", err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	slices.Sort(found)
	want := Bundles()
	var wrong []string
	for _, name := range want {
		if !slices.Contains(found, name) {
			wrong = append(wrong, name+" is missing")
		}
	}
	for _, name := range found {
		if !slices.Contains(want, name) {
			wrong = append(wrong, name+" does not belong there")
		}
	}
	if wrong != nil {
		return core.Errorf(core.Invalid, "check bundles", dir, "%s; nothing was uploaded", strings.Join(wrong, ", "))
	}
	return nil
}

// Sums is SHA256SUMS of files in a folder, by name, as sha256sum writes it. Names have slashes.
func Sums(dir string, names []string) ([]byte, error) {
	var b bytes.Buffer
	for _, name := range slices.Sorted(slices.Values(names)) {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, core.Wrap(err, "sum files", name)
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return nil, core.Wrap(err, "sum files", name)
		}
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(h.Sum(nil)), name)
	}
	return b.Bytes(), nil
}

// Distribute puts the bundles in a folder below base, a bucket or folder, as <minor>/<bundle> with their sums, and then
// adds the version to versions.json. Doing it again changes nothing but what differs.
func Distribute(ctx context.Context, store core.ObjectStore, base, dir, tag string) (Versions, error) {
	if err := CheckBundles(dir); err != nil {
		return Versions{}, err
	}
	minor, err := Minor(tag)
	if err != nil {
		return Versions{}, err
	}
	sums, err := Sums(dir, Bundles())
	if err != nil {
		return Versions{}, err
	}
	for _, name := range Bundles() {
		if err := putFile(ctx, store, join(base, minor, name), filepath.Join(dir, name)); err != nil {
			return Versions{}, err
		}
	}
	if err := objstore.PutBytes(ctx, store, join(base, minor, SumsName), sums, core.PutOptions{ContentType: "text/plain"}); err != nil {
		return Versions{}, err
	}
	return addVersion(ctx, store, base, tag)
}

// maxVersions is the largest versions.json that is read, in bytes.
const maxVersions = 1 << 20

// readVersions reads versions.json below base.
func readVersions(ctx context.Context, store core.ObjectReader, base string) (Versions, error) {
	var v Versions
	name := join(base, versionsName)
	text, err := objstore.ReadAll(ctx, store, name, maxVersions)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, core.Errorf(core.Corrupt, "read versions", name, "%w", err)
	}
	return v, nil
}

// addVersion adds a release to versions.json; of two at once neither is lost.
func addVersion(ctx context.Context, store core.ObjectStore, base, tag string) (Versions, error) {
	name := join(base, versionsName)
	var err error
	for range versionTries {
		condition := objstore.MustNotExist
		var info core.ObjectInfo
		if info, err = store.Stat(ctx, name); err == nil {
			condition = info.ETag
		} else if !core.Is(err, core.NotFound) {
			return Versions{}, err
		}
		var v Versions
		if condition != objstore.MustNotExist {
			if v, err = readVersions(ctx, store, base); err != nil {
				return Versions{}, err
			}
		}
		if v, err = v.With(tag); err != nil {
			return Versions{}, err
		}
		var text []byte
		if text, err = json.MarshalIndent(v, "", "  "); err != nil {
			return Versions{}, core.Errorf(core.Internal, "distribute", name, "%w", err)
		}
		opt := core.PutOptions{IfMatch: condition, ContentType: "application/json"}
		if err = objstore.PutBytes(ctx, store, name, append(text, '\n'), opt); err == nil || !errors.Is(err, objstore.ErrPrecondition) {
			return v, err
		}
	}
	return Versions{}, err
}

// versionTries is how often versions.json is read and written again when another release was quicker.
const versionTries = 10

// Resolve gives the minor version that is asked for: "latest" is what the distribution says, a minor or a full version
// stands for itself. Where the distribution cannot be asked, fallbacks are tried in turn: the latest tag, the installed version.
func Resolve(ctx context.Context, store core.ObjectReader, base, wanted string, fallbacks ...string) (string, error) {
	if wanted != "" && wanted != "latest" {
		if minor, err := Minor(wanted); err == nil {
			return minor, nil
		}
		if _, err := Minor(wanted + ".0"); err != nil {
			return "", core.Errorf(core.Invalid, "resolve version", wanted, "latest, a minor version such as 1.2 or a tag such as 1.2.3 is expected")
		}
		return strings.TrimPrefix(wanted, "v"), nil
	}
	v, err := readVersions(ctx, store, base)
	if err == nil && v.Latest != "" {
		return v.Latest, nil
	}
	for _, f := range fallbacks {
		if minor, e := Minor(f); e == nil {
			return minor, nil
		}
	}
	if err == nil {
		err = core.Errorf(core.NotFound, "resolve version", join(base, versionsName), "it names no latest version")
	}
	return "", err
}

// Locate says which of the bases has a bundle of a minor version: the first that has it.
func Locate(ctx context.Context, store core.ObjectReader, bases []string, minor, bundle string) (string, error) {
	for _, base := range bases {
		name := join(base, minor, bundle)
		_, err := store.Stat(ctx, name)
		if err == nil {
			return name, nil
		}
		if c := core.CodeOf(err); c != core.NotFound && c != core.Denied {
			return "", err
		}
	}
	return "", core.Errorf(core.NotFound, "find bundle", minor+"/"+bundle, "none of %s has it", strings.Join(bases, ", "))
}

func join(base string, elem ...string) string {
	return strings.TrimSuffix(base, "/") + "/" + path.Join(elem...)
}

func putFile(ctx context.Context, store core.ObjectStore, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return core.Wrap(err, "distribute", file)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return core.Wrap(err, "distribute", file)
	}
	return store.Put(ctx, name, f, core.PutOptions{Size: info.Size(), ContentType: "application/zip"})
}
