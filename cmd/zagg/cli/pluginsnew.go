package cli

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/skeleton"
)

func (a *app) pluginsNew() *cobra.Command {
	var lang, dir, module, source string
	c := &cobra.Command{
		Use:   "new grid|reader|statistic NAME",
		Short: "Create a working skeleton of a plugin",
		Example: `  zagg plugins new statistic --lang go roughness
  zagg plugins new statistic --module github.com/me/roughness roughness
  zagg plugins new reader --lang python drifters --dir plugins/drifters`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			s := &skeleton.Skeleton{Kind: args[0], Name: args[1], Lang: lang, Module: module, Zagg: source}
			if err := checkSkeleton(s); err != nil {
				return err
			}
			if dir == "" {
				dir = s.Name
			}
			files, err := s.Write(Version, dir)
			if err != nil {
				return err
			}
			for _, f := range files {
				fmt.Fprintln(a.stdout, filepath.Join(dir, f))
			}
			fmt.Fprintf(a.stderr, "%s has the next steps.\n", filepath.Join(dir, "README.md"))
			return nil
		},
	}
	c.Flags().StringVar(&lang, "lang", "go", "language: go, python")
	c.Flags().StringVar(&dir, "dir", "", "folder to write (default NAME), which must be new or empty")
	c.Flags().StringVar(&module, "module", "", "path of the Go module, such as github.com/me/roughness (default example.org/NAME)")
	c.Flags().StringVar(&source, "source", "", "folder with zagg's source to build with (default: the checkout that contains the working folder, else the version of this program)")
	c.RegisterFlagCompletionFunc("lang", fixed("go", "python"))
	c.ValidArgs = []string{"grid", "reader", "statistic"}
	return c
}

func checkSkeleton(s *skeleton.Skeleton) error {
	switch {
	case !slices.Contains([]string{"grid", "reader", "statistic"}, s.Kind):
		return fmt.Errorf("a plugin brings a grid, reader or statistic, not a %q: %w for `zagg plugins new`", s.Kind, errUsage)
	case s.Lang != "go" && s.Lang != "python":
		return fmt.Errorf("--lang is %q; have go, python: %w for `zagg plugins new`", s.Lang, errUsage)
	case s.Module != "" && (s.Lang != "go" || !regexp.MustCompile(`^[A-Za-z0-9.-]+(/[A-Za-z0-9._~-]+)*$`).MatchString(s.Module)):
		return fmt.Errorf("--module is %q; want the path of a Go module, such as github.com/me/%s: %w for `zagg plugins new`", s.Module, s.Name, errUsage)
	case !regexp.MustCompile(`^[a-z][a-z0-9]{0,30}$`).MatchString(s.Name):
		return fmt.Errorf("the name %q must be lower-case letters and digits, because packages have it too: %w for `zagg plugins new`", s.Name, errUsage)
	}
	return nil
}
