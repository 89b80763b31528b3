package main

import (
	"errors"
	"fmt"
	"io"
	"sort"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// Does what `helm template` of Helm 3 does.
func answer3(r row) row {
	var all []*loader.BufferedFile
	for name, text := range files(r) {
		all = append(all, &loader.BufferedFile{Name: name, Data: []byte(text)})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	chart, err := loader.LoadFiles(all)
	if err != nil {
		return answer("", "", err)
	}
	if t := chart.Metadata.Type; t != "" && t != "application" {
		return answer("", "", fmt.Errorf("%s charts are not installable", t))
	}
	if req := chart.Metadata.Dependencies; req != nil {
		if err := action.CheckDependencies(chart, req); err != nil {
			return answer("", "", fmt.Errorf("An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: %w", err))
		}
	}
	config := &action.Configuration{
		Releases:   storage.Init(driver.NewMemory()),
		KubeClient: &fake.PrintingKubeClient{Out: io.Discard},
		Log:        func(string, ...any) {},
	}
	client := action.NewInstall(config)
	client.DryRun, client.ClientOnly, client.Replace = true, true, true
	client.DryRunOption = "true"
	client.ReleaseName, client.Namespace = name(r), namespace(r)
	client.IsUpgrade, client.IncludeCRDs = r["upgrade"] == true, r["crds"] == true
	client.SubNotes = r["sub_notes"] == true
	client.APIVersions = strs(r, "apis")
	if client.KubeVersion, err = chartutil.ParseKubeVersion(kube(r)); err != nil {
		return answer("", "", err)
	}
	release, err := client.Run(chart, user(r))
	if err != nil {
		return answer("", "", err)
	}
	if release == nil {
		return answer("", "", errors.New("no release"))
	}
	var hooks []string
	for _, hook := range release.Hooks {
		hooks = append(hooks, fmt.Sprintf("---\n# Source: %s\n%s\n", hook.Path, hook.Manifest))
	}
	return answer(printed(release.Manifest, hooks), release.Info.Notes, nil)
}
