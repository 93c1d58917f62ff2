package cli

import (
	"bufio"
	"cmp"
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// expandGranules turns what --granules was given into granules: a file, a folder, a glob, an s3:// prefix ending in "/",
// several of them separated by commas, or @LIST, a text file of one path or URL a line. Order is by name, so that the
// same files are the same run, and each address counts once. IDs are not set.
func expandGranules(ctx context.Context, store core.ObjectStore, args []string) ([]core.Granule, error) {
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
	urls = slices.Compact(urls)
	granules := make([]core.Granule, len(urls))
	for i, u := range urls {
		granules[i].Assets = map[string]string{"data": u}
	}
	if len(granules) == 0 {
		return nil, core.Errorf(core.NotFound, "--granules", strings.Join(args, " "), "no granule found")
	}
	return granules, nil
}

func expandOne(ctx context.Context, store core.ObjectStore, arg string) ([]string, error) {
	if list, ok := strings.CutPrefix(arg, "@"); ok {
		return readList(list)
	}
	if scheme := objstore.Scheme(arg); scheme != "" && scheme != "file" {
		return expandURL(ctx, store, arg)
	}
	if info, err := os.Stat(arg); err == nil {
		if info.IsDir() {
			return listPrefix(ctx, store, strings.TrimRight(arg, "/")+"/")
		}
		if e := strings.ToLower(filepath.Ext(arg)); e == ".txt" || e == ".lst" {
			return readList(arg)
		}
		return []string{arg}, nil
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

// expandURL lists a prefix that ends in "/", or what a pattern in S3 matches; any other URL is one granule.
func expandURL(ctx context.Context, store core.ObjectStore, url string) ([]string, error) {
	star := strings.IndexAny(url, "*[")
	switch {
	case strings.HasSuffix(url, "/"):
		return listPrefix(ctx, store, url)
	case strings.Contains(url, ",") && strings.Contains(url, ",s3://"):
		return expandSeveral(ctx, store, url)
	case objstore.Scheme(url) != "s3" || star < 0:
		return []string{url}, nil
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

func readList(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, core.Errorf(core.NotFound, "--granules", name, "%w", err)
	}
	defer f.Close()
	var urls []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			urls = append(urls, line)
		}
	}
	return urls, lines.Err()
}

func listPrefix(ctx context.Context, store core.ObjectStore, prefix string) ([]string, error) {
	var urls []string
	err := store.List(ctx, prefix, func(o core.ObjectInfo) error {
		switch strings.ToLower(path.Ext(o.URL)) {
		case ".h5", ".hdf5", ".he5", ".nc", ".nc4":
			urls = append(urls, o.URL)
		}
		return nil
	})
	return urls, err
}
