package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	chart3 "helm.sh/helm/v3/pkg/chart"
	util3 "helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/ignore"
	sort3 "helm.sh/helm/v3/pkg/releaseutil"
	set3 "helm.sh/helm/v3/pkg/strvals"
	common4 "helm.sh/helm/v4/pkg/chart/common"
	sort4 "helm.sh/helm/v4/pkg/release/v1/util"
	set4 "helm.sh/helm/v4/pkg/strvals"
)

// What a file of --set-file has in it.
func readFile(path []rune) (any, error) {
	if string(path) == "missing" {
		return nil, errors.New("no such file")
	}
	return "<" + string(path) + ">", nil
}

func answerSet(r row) {
	m3, m4 := map[string]any{}, map[string]any{}
	var e3, e4 error
	lines, _ := r["lines"].([]any)
	for _, line := range lines {
		s := line.(string)
		do := func(m map[string]any, err error, parse func(string, map[string]any) error) error {
			if err != nil {
				return err
			}
			return parse(s, m)
		}
		switch str(r, "mode") {
		case "set":
			e3, e4 = do(m3, e3, set3.ParseInto), do(m4, e4, set4.ParseInto)
		case "string":
			e3, e4 = do(m3, e3, set3.ParseIntoString), do(m4, e4, set4.ParseIntoString)
		case "json":
			e3, e4 = do(m3, e3, set3.ParseJSON), do(m4, e4, set4.ParseJSON)
		case "file":
			e3, e4 = do(m3, e3, func(s string, m map[string]any) error {
				return set3.ParseIntoFile(s, m, readFile)
			}), do(m4, e4, func(s string, m map[string]any) error {
				return set4.ParseIntoFile(s, m, readFile)
			})
		case "literal":
			e3, e4 = do(m3, e3, set3.ParseLiteralInto), do(m4, e4, set4.ParseLiteralInto)
		}
	}
	r["helm3"], r["helm4"] = answer(describe(m3), e3), answer(describe(m4), e4)
}

type info struct{ dir bool }

func (i info) Name() string       { return "" }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return 0 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }

// Paths that end in / are folders.
func answerIgnore(r row) {
	rules, err := ignore.Parse(strings.NewReader(str(r, "rules")))
	if err != nil {
		r["helm3"] = answer(nil, err)
		return
	}
	rules.AddDefaults()
	ignored := []string{}
	paths, _ := r["paths"].([]any)
	for _, p := range paths {
		path := p.(string)
		if rules.Ignore(strings.TrimSuffix(path, "/"), info{strings.HasSuffix(path, "/")}) {
			ignored = append(ignored, path)
		}
	}
	r["helm3"] = answer(ignored, nil)
}

func answerSort(r row) {
	files := map[string]string{}
	for _, f := range pairs(r) {
		files[f[0]] = f[1]
	}
	h3, m3, e3 := sort3.SortManifests(files, nil, sort3.InstallOrder)
	out := []string{}
	for _, m := range m3 {
		out = append(out, fmt.Sprintf("%s %s %q", m.Name, m.Head.Kind, m.Content))
	}
	for _, h := range h3 {
		out = append(out, fmt.Sprintf("%s %s %s %v %d %v %v %q", h.Path, h.Kind, h.Name, h.Events, h.Weight, h.DeletePolicies, h.OutputLogPolicies, h.Manifest))
	}
	r["helm3"] = answer(out, e3)
	h4, m4, e4 := sort4.SortManifests(files, nil, sort4.InstallOrder)
	out = []string{}
	for _, m := range m4 {
		out = append(out, fmt.Sprintf("%s %s %q", m.Name, m.Head.Kind, m.Content))
	}
	for _, h := range h4 {
		out = append(out, fmt.Sprintf("%s %s %s %v %d %v %v %q", h.Path, h.Kind, h.Name, h.Events, h.Weight, h.DeletePolicies, h.OutputLogPolicies, h.Manifest))
	}
	r["helm4"] = answer(out, e4)
}

// The files of a row seen through a template.
func answerFiles(r row) {
	c := &chart3.Chart{Metadata: &chart3.Metadata{Name: "c", Version: "1.0.0"}}
	for _, f := range pairs(r) {
		c.Files = append(c.Files, &chart3.File{Name: f[0], Data: []byte(f[1])})
	}
	const text = "{{ $f := .Files.Glob .Values.p }}{{ range $k, $v := $f }}{{ $k }}|{{ end }}#{{ $f.AsConfig }}#{{ $f.AsSecrets }}#{{ range $k, $v := $f }}{{ $.Files.Lines $k | toJson }}{{ end }}"
	c.Templates = append(c.Templates, &chart3.File{Name: "templates/t", Data: []byte(text)})
	out, err := engine.Render(c, util3.Values{"Values": map[string]any{"p": str(r, "pattern")}})
	r["helm3"] = answer(out["c/templates/t"], err)
}

func answerKube(r row) {
	v3, e3 := util3.ParseKubeVersion(str(r, "in"))
	if e3 == nil {
		r["helm3"] = answer([]string{v3.Version, v3.String(), v3.Major, v3.Minor}, nil)
	} else {
		r["helm3"] = answer(nil, e3)
	}
	v4, e4 := common4.ParseKubeVersion(str(r, "in"))
	if e4 == nil {
		r["helm4"] = answer([]string{v4.Version, v4.String(), v4.Major, v4.Minor}, nil)
	} else {
		r["helm4"] = answer(nil, e4)
	}
}

func printVersions() {
	fmt.Println("//! The groups and versions that Helm knows without a cluster.\n\n/// Written by `tests/oracle/chart/generate.sh`.\npub(crate) const API_VERSIONS: &[&str] = &[")
	for _, v := range util3.DefaultVersionSet {
		fmt.Printf("    %q,\n", v)
	}
	fmt.Println("];")
}
