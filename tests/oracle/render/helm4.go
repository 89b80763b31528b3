package main

import (
	"errors"
	"fmt"
	"io"
	"sort"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/kube/fake"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage"
	"helm.sh/helm/v4/pkg/storage/driver"
)

// Does what `helm template` of Helm 4 does.
func answer4(r row) row {
	var all []*archive.BufferedFile
	for name, text := range files(r) {
		all = append(all, &archive.BufferedFile{Name: name, Data: []byte(text)})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	loaded, err := loader.LoadFiles(all)
	if err != nil {
		return answer("", "", err)
	}
	if t := loaded.Metadata.Type; t != "" && t != "application" {
		return answer("", "", fmt.Errorf("%s charts are not installable", t))
	}
	accessor, err := chart.NewAccessor(loaded)
	if err != nil {
		return answer("", "", err)
	}
	if req := accessor.MetaDependencies(); len(req) > 0 {
		if err := action.CheckDependencies(loaded, req); err != nil {
			return answer("", "", fmt.Errorf("an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: %w", err))
		}
	}
	config := action.NewConfiguration()
	config.Releases = storage.Init(driver.NewMemory())
	config.KubeClient = &fake.PrintingKubeClient{Out: io.Discard}
	client := action.NewInstall(config)
	client.DryRunStrategy, client.Replace = action.DryRunClient, true
	client.ReleaseName, client.Namespace = name(r), namespace(r)
	client.IsUpgrade, client.IncludeCRDs = r["upgrade"] == true, r["crds"] == true
	client.SubNotes = r["sub_notes"] == true
	client.APIVersions = strs(r, "apis")
	if client.KubeVersion, err = common.ParseKubeVersion(kube(r)); err != nil {
		return answer("", "", err)
	}
	made, err := client.Run(loaded, user(r))
	if err != nil {
		return answer("", "", err)
	}
	done, ok := made.(*release.Release)
	if !ok {
		return answer("", "", errors.New("no release"))
	}
	var hooks []string
	for _, hook := range done.Hooks {
		hooks = append(hooks, fmt.Sprintf("---\n# Source: %s\n%s\n", hook.Path, hook.Manifest))
	}
	return answer(printed(done.Manifest, hooks), done.Info.Notes, nil)
}
