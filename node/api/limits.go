package api

import "time"

// Everything that comes from outside has a cap and a deadline.
const (
	headerTimeout = 5 * time.Second  // a caller's headers fit one packet; slower is a slow-loris
	bodyTimeout   = 10 * time.Second // 96 KiB over a very poor line
	writeTimeout  = 90 * time.Second // the longest wait below, and room to write the answer
	idleTimeout   = 2 * time.Minute

	maxBody        = 96 << 10  // a request with a payload of its own in base64; the guard's parser has the same cap
	maxPolicyBody  = 384 << 10 // a policy of 256 KiB in base64, and signatures
	maxPolicies    = 4         // of these at once, whoever sends them: what is read before a signature is verified costs memory
	maxHeader      = 16 << 10  // our signed headers are below 1 KiB
	maxConnections = 1024      // an agent keeps a few open; each may cost a body's memory
	maxFlights     = 32        // of one caller under way: a call that waits holds a connection for a minute, and others need some too

	defaultWait = 10 * time.Second // RFC 7240 `Prefer: wait`
	minWait     = time.Second      // below that a request could not even be admitted
	maxWait     = 60 * time.Second // a load balancer's usual patience

	readyEvery = time.Second // /readyz is unsigned: however often it is asked, the node looks once a second

	maxScrapes    = 4 // at once
	scrapeTimeout = 10 * time.Second

	closeTimeout = time.Second // for answers that are being written
)
