package validate

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// CheckHost refuses a URL at a host that isn't among those which the node's operator lets be asked: a policy is written by
// others, and the node may reach what they can't. Its own machine may always be asked.
func CheckHost(at string, hosts []string) error {
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.IsLoopback() {
		return nil
	}
	if slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, u.Host) || strings.EqualFold(h, u.Hostname()) }) {
		return nil
	}
	return fmt.Errorf("%s is not among the hosts that this node may ask: its operator adds it to validator_hosts of the configuration", u.Host)
}
