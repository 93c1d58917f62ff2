package run

// Lists of granules as people give them: files, folders, patterns, prefixes and lists.

import (
	"bufio"
	"cmp"
	"context"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/filekind"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// Granules turns arguments that name granules into granules: a file, a folder, a glob, an s3:// prefix ending in "/",
// several of them separated by commas, or @LIST, a text file with one path or URL on a line. They are sorted by name,
// so that the same files are the same run, and each address counts once. IDs are not set. No granule at all is
// NotFound.
func Granules(ctx context.Context, store core.ObjectStore, args []string) ([]core.Granule, error) {
	var urls []string
	for _, arg := range args {
		more, err := expandOne(ctx, store, arg)
		if err != nil {
			return nil, err
		}
		urls = append(urls, more...)
	}
	slices.SortFunc(urls, func(a, b string) int {
		return cmp.Or(strings.Compare(job.BareName(a), job.BareName(b)), strings.Compare(a, b))
	})
	urls = eachOnce(urls)
	granules := make([]core.Granule, len(urls))
	for i, u := range urls {
		granules[i] = core.GranuleAt(u)
	}
	if len(granules) == 0 {
		return nil, core.Errorf(core.NotFound, "--granules", strings.Join(args, " "), "no granule found")
	}
	return granules, nil
}

// eachOnce leaves out further spellings of a file or address: "./a.h5", "file:///data/a.h5", links.
func eachOnce(urls []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(urls, func(u string) bool {
		spelling := u
		if path, local := LocalPath(u); local {
			if abs, err := filepath.Abs(path); err == nil {
				spelling = abs
			}
			if target, err := filepath.EvalSymlinks(spelling); err == nil {
				spelling = target
			}
		} else if web, err := url.Parse(u); err == nil && (web.Scheme == "http" || web.Scheme == "https") {
			web.Host, web.RawPath = strings.ToLower(web.Host), ""
			spelling = web.String()
		}
		twice := seen[spelling]
		seen[spelling] = true
		return twice
	})
}

// expandOne tries, in this order: a list, a URL, a path that exists, several of them, a pattern. So a file whose name
// has a comma or a bracket is found as it is.
func expandOne(ctx context.Context, store core.ObjectStore, arg string) ([]string, error) {
	if list, ok := strings.CutPrefix(arg, "@"); ok {
		return readList(list)
	}
	if scheme := objstore.Scheme(arg); scheme != "" && scheme != "file" {
		return expandURL(ctx, store, arg)
	}
	if info, err := os.Stat(strings.TrimPrefix(arg, "file://")); err == nil {
		if info.IsDir() {
			return listPrefix(ctx, store, strings.TrimRight(arg, "/")+"/")
		}
		if e := strings.ToLower(filepath.Ext(arg)); e == ".txt" || e == ".lst" {
			return readList(arg)
		}
		return []string{arg}, notCatalog(arg)
	}
	if strings.Contains(arg, ",") {
		return expandSeveral(ctx, store, arg)
	}
	found, err := filepath.Glob(arg)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "--granules", arg, "%w", err)
	}
	if len(found) == 0 {
		return nil, core.Errorf(core.NotFound, "--granules", arg, "no such file, and no file matches it as a pattern")
	}
	return found, nil
}

// expandURL lists a prefix that ends in "/" or what a pattern in S3 matches; any other URL is one granule.
func expandURL(ctx context.Context, store core.ObjectStore, url string) ([]string, error) {
	star := strings.IndexAny(url, "*?[")
	several := strings.Contains(url, ",s3://") || strings.Contains(url, ",https://")
	switch {
	case strings.HasSuffix(url, "/"):
		return listPrefix(ctx, store, url)
	case objstore.Scheme(url) != "s3" && !several, star < 0 && !several:
		return []string{url}, nil
	case exists(ctx, store, url): // a key may have any character
		return []string{url}, nil
	case several:
		return expandSeveral(ctx, store, url)
	}
	all, err := listPrefix(ctx, store, url[:star])
	if err != nil {
		return nil, err
	}
	var found []string
	for _, u := range all {
		match, err := path.Match(url, u)
		if err != nil {
			return nil, core.Errorf(core.Invalid, "--granules", url, "%w", err)
		}
		if match {
			found = append(found, u)
		}
	}
	return found, nil
}

// notCatalog is the error of a file that is something other than a granule, such as a catalog or a web page. Damaged
// files are left for their reader to refuse.
func notCatalog(name string) error {
	path, _ := LocalPath(name)
	f, err := RecogniseFile(path)
	if err != nil || f.Truncated() || f.Kind == filekind.Empty || f.Kind == filekind.Unknown || f.Kind == filekind.Text {
		return nil
	}
	return GranuleFault(name, f)
}

// exists reports whether a URL names an object as it stands.
func exists(ctx context.Context, store core.ObjectStore, url string) bool {
	_, err := store.Stat(ctx, url)
	return err == nil
}

func expandSeveral(ctx context.Context, store core.ObjectStore, list string) ([]string, error) {
	var urls []string
	for part := range strings.SplitSeq(list, ",") {
		more, err := expandOne(ctx, store, strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		urls = append(urls, more...)
	}
	return urls, nil
}

// readList reads a list of one path or URL on a line; lines that begin with # and a byte order mark are left out.
func readList(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, core.Errorf(core.NotFound, "--granules", name, "%w", err)
	}
	defer f.Close()
	var urls []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line != "" && !strings.HasPrefix(line, "#") {
			urls = append(urls, line)
		}
	}
	return urls, lines.Err()
}

// listPrefix lists objects below a prefix that have the extensions of HDF5 and netCDF-4 files.
func listPrefix(ctx context.Context, store core.ObjectStore, prefix string) ([]string, error) {
	var urls []string
	err := store.List(ctx, prefix, func(o core.ObjectInfo) error {
		if strings.HasPrefix(path.Base(o.URL), ".") { // macOS keeps "._name" beside files, others their caches
			return nil
		}
		switch strings.ToLower(path.Ext(o.URL)) {
		case ".h5", ".hdf5", ".he5", ".nc", ".nc4":
			urls = append(urls, o.URL)
		}
		return nil
	})
	return urls, err
}
