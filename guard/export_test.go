package guard

import "github.com/tonaiagent/mpcnode/guard/policy"

// WindowsOf runs the windows of layer 5 alone: layer 1 stops every asset but the native coin before it.
func WindowsOf(g *Guard, p policy.Permissions, asset string) []Verdict {
	return (&evaluation{g: g, perms: &p, c: Case{Intent: Intent{Asset: asset}}}).windows()
}
