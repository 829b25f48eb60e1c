package ton

// ParseAmount reads an amount of an asset as it is written outside: of the native coin in whole units, of a jetton in its
// smallest unit, because how many decimals a jetton has is its issuer's claim and proves nothing.
func ParseAmount(asset, s string) (Nano, error) { return ParseNano(s, decimals(asset)) }

// FormatAmount writes what ParseAmount reads.
func FormatAmount(asset string, n Nano) string { return n.Format(decimals(asset)) }

func decimals(asset string) int {
	if asset == Native {
		return NativeDecimals
	}
	return 0
}
