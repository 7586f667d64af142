package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/changes"
	"roster/internal/generation"
	"roster/internal/httpapi"
	"roster/internal/plan"
	"roster/internal/presence"
	"roster/internal/redis"
	"roster/internal/responsecache"
	"roster/internal/snapshot"
	"roster/internal/webhook"
	"roster/internal/writes"
)

// State is the state of the program that is read when the metrics are requested.
type State interface {
	// Readiness returns why queries cannot be answered; nil if they can.
	Readiness() error
	AccessLog() access.LogStats
	Shared() []httpapi.ResourceStats
	Sources() []*connectors.Source
	Statuses() []snapshot.Status
	Collections() []snapshot.Stats
	Builds() generation.Stats
	Responses() responsecache.Stats
	Plans() plan.Stats
	Changes() changes.Stats
	Webhooks() []webhook.Stats
	Presence() map[string]presence.Stats
	LastReload() Reload
	Writes() writes.Stats
}

// Reload is the result of the last attempt to apply a configuration.
type Reload struct {
	// OK reports that the configuration was applied. The configuration at the start counts as applied.
	OK bool
	// Since is when the current configuration took effect.
	Since time.Time
}

// Redis is the store in which replicas share snapshots.
type Redis interface{ Stats() redis.Stats }

// metric is a metric that is read from the state.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func gauge(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) metric {
	return metric{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

func (m metric) send(to chan<- prometheus.Metric, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

var (
	ready = gauge("roster_ready", "1 if queries can be answered, as /readyz says.")

	accessLogFailing  = gauge("roster_access_log_failing", "1 while the access log cannot be written.")
	accessLogFailures = counter("roster_access_log_failures_total", "Entries of the access log that could not be written.")

	limitHeld    = gauge("roster_limit_held", "How much of what the limit bounds all callers hold together.", "limit")
	limitMaximum = gauge("roster_limit_maximum", "How much of it all callers together may hold.", "limit")
	limitCallers = gauge("roster_limit_callers", "How many callers hold some of it.", "limit")
	limitRefused = counter("roster_limit_refusals_total", "Refusals because of the limit. The label by says who reached it: caller (this caller its share), anonymous (the anonymous callers their share), all (all callers together).", "limit", "by")

	configOK    = gauge("roster_config_reload_successful", "1 unless the last attempt to apply a configuration failed.")
	configSince = gauge("roster_config_in_force_timestamp_seconds", "When the current configuration was applied.")

	breakerState = gauge("roster_source_breaker_state", "1 for the state of the source's breaker, 0 for the others: closed, open while calls fail at once, probing.", "source", "state")

	credentialState = gauge("roster_source_credential_state", "1 for the state of the credential, as far as it is known without a call to the source; 0 for the other states.", "source", "state")
	credentialEnd   = gauge("roster_source_credential_expiry_timestamp_seconds", "When the credential expires, if it says so and is not renewed.", "source")

	snapshotState    = gauge("roster_snapshot_state", "1 for the state in which the collection is served, 0 for the others.", "source", "collection", "state")
	sourceAnomalies  = gauge("roster_source_anomalies", "Values in the served records that cannot be read, by field and JSON type; field id for rows that were left out.", "source", "collection", "field", "type")
	snapshotFreshFor = gauge("roster_snapshot_fresh_for_seconds", "How long data counts as fresh: as configured, or longer if fetches take long.", "source", "collection")
	snapshotFailing  = gauge("roster_snapshot_failing", "1 while the last fetch of the collection has failed, or the directory cannot be built with its data. A fetch that is held back has not failed.", "source", "collection")
	snapshotHeld     = gauge("roster_snapshot_loss_held_records", "How many of the known records the fetch lacks that is held back; 0 if none is.", "source", "collection")
	snapshotFetches  = counter("roster_snapshot_fetches_total", "Fetches of the collection from its source that have begun.", "source", "collection")
	snapshotFailures = counter("roster_snapshot_fetch_failures_total", "Fetches that failed, by the kind of the error; short for a fetch that was incomplete without an error, suspicious_loss for one that is held back.", "source", "collection", "meaning")
	snapshotTook     = gauge("roster_snapshot_last_fetch_duration_seconds", "How long the last complete fetch took, whichever replica made it.", "source", "collection")
	snapshotRecords  = gauge("roster_snapshot_records", "Records that the tier holds.", "source", "collection", "tier")
	snapshotBytes    = gauge("roster_snapshot_bytes", "About how many bytes they take: in memory with everything that belongs to them, elsewhere as stored.", "source", "collection", "tier")
	snapshotAge      = gauge("roster_snapshot_age_seconds", "How long ago the fetch began from which the oldest of them may come.", "source", "collection", "tier")
	snapshotHits     = counter("roster_snapshot_hits_total", "How often the tier had the data. Memory: an operation was served without a wait. Redis, directory: stored data was loaded, which saved a fetch. Source: a fetch ended complete.", "source", "collection", "tier")
	snapshotMisses   = counter("roster_snapshot_misses_total", "How often the tier did not have the data. Memory: an operation found nothing, or waited for newer data. Redis, directory: the source was fetched. Source: a fetch failed or was incomplete.", "source", "collection", "tier")
	snapshotFills    = counter("roster_snapshot_fills_total", "How often this replica stored data in the tier.", "source", "collection", "tier")
	snapshotWaits    = counter("roster_snapshot_waits_total", "How many waits there were. Memory: of an operation. Redis, directory: of a fetch, for the fetch of another replica.", "source", "collection", "tier")

	redisConnected = gauge("roster_redis_connected", "1 while Redis can be used.")
	redisReplicas  = gauge("roster_redis_replicas", "How many replicas share Redis, as last known.")
	redisCalls     = counter("roster_redis_calls_total", "Calls to Redis, one for each exchange.")
	redisFailures  = counter("roster_redis_call_failures_total", "Calls to Redis that failed.", "reason")
	redisChanges   = counter("roster_redis_state_changes_total", "How often Redis changed to the state.", "state")

	presenceLookups = counter("roster_presence_lookups_total", "How often an operation asked for the presence of accounts of a source. The label outcome says how it was served: hit without a call, call with a call for it, wait with a call in progress.", "source", "outcome")

	presenceConnected   = gauge("roster_presence_connected", "1 while a source tells of changes of presence, for those that are configured so.", "source")
	presenceUpdates     = counter("roster_presence_updates_total", "Changes of presence that a source has told of.", "source")
	presenceDisconnects = counter("roster_presence_disconnects_total", "How often a connection for changes of presence has ended, or could not be opened.", "source")

	responseHits      = counter("roster_response_cache_hits_total", "Operations that got a cached answer.")
	responseMisses    = counter("roster_response_cache_misses_total", "Operations that were executed, although their answers can be cached.")
	responseEvictions = counter("roster_response_cache_evictions_total", "Entries that were removed from the cache because others needed the room.")
	responseBytes     = gauge("roster_response_cache_bytes", "Bytes that cached answers take, about.")
	responseMaximum   = gauge("roster_response_cache_maximum_bytes", "Bytes that cached answers may take: cache.response_bytes.")

	executed   = counter("roster_operations_executed_total", "Operations that were executed. The label by says how: plan, or gqlgen if there is no plan or if it could not run to its end.", "by")
	planPanics = counter("roster_plan_panics_total", "Plans that panicked. They are not used again.")

	changesSeen    = counter("roster_changes_total", "Changes that this replica has found and written to the log. The sum over all replicas is that of the log.")
	changesKept    = gauge("roster_changes_kept", "Changes in the log, after which clients can read on.")
	changesReaders = gauge("roster_changes_subscribers", "Clients that read changes.")
	changesSent    = counter("roster_changes_sent_total", "Changes that were passed to a client, counted for each client.")
	changesDelay   = counter("roster_changes_delay_seconds_total", "The times from when each of these was seen until it was passed on, together. A client that reads on after an interruption gets old changes.")
	changesRefused = counter("roster_changes_expired_total", "Clients that were told that changes are missing. The label when says whether that was because of the cursor with which they came (cursor), or because they read too slowly (slow).", "when")
	changesWriter  = gauge("roster_changes_writer", "1 if this replica writes the log of changes that replicas share. 0 everywhere for more than a few seconds while Redis is connected is a fault.")
	changesPending = gauge("roster_changes_pending", "Comparisons of which clients are not told yet, because the directory of this replica is older.")

	directoryBuilds   = counter("roster_directory_builds_total", "Directories that have been built.")
	directoryBuilding = counter("roster_directory_build_duration_seconds_total", "How long all builds took together.")
	directoryLast     = gauge("roster_directory_last_build_duration_seconds", "How long the last build took.")
	directoryAge      = gauge("roster_directory_age_seconds", "How long ago the current directory was published.")
)

var all = []metric{ready, accessLogFailing, accessLogFailures, limitHeld, limitMaximum, limitCallers, limitRefused, configOK, configSince, breakerState, credentialState, credentialEnd, sourceAnomalies, snapshotState, snapshotFreshFor, snapshotFailing, snapshotHeld, snapshotFetches, snapshotFailures, snapshotTook, snapshotRecords, snapshotBytes,
	snapshotAge, snapshotHits, snapshotMisses, snapshotFills, snapshotWaits, redisConnected, redisReplicas, redisCalls, redisFailures, redisChanges,
	presenceLookups, presenceConnected, presenceUpdates, presenceDisconnects, responseHits, responseMisses, responseEvictions, responseBytes, responseMaximum, executed, planPanics, changesSeen, changesKept, changesReaders, changesSent, changesDelay, changesRefused, changesWriter, changesPending, webhookMessages, webhookChanges, webhookResets, webhookFailures, webhookDead, webhookDelivering, webhookEnded, webhookRetrying, directoryBuilds, directoryBuilding, directoryLast, directoryAge}

// stateCollector reads the state when the metrics are requested.
type stateCollector struct {
	state State
	redis Redis // nil without Redis
}

// Describe sends the descriptions of the metrics.
func (stateCollector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range all {
		to <- m.desc
	}
}

// Collect sends the values of the metrics.
func (c stateCollector) Collect(to chan<- prometheus.Metric) {
	now := time.Now()
	ready.send(to, flag(c.state.Readiness() == nil))
	for _, s := range c.state.Sources() {
		c.source(to, s)
	}
	for _, st := range c.state.Statuses() {
		c.status(to, st)
	}
	for _, u := range c.state.Collections() {
		c.collection(to, u, now)
	}
	if c.redis != nil {
		c.shared(to, c.redis.Stats())
	}
	for source, s := range c.state.Presence() {
		presenceLookups.send(to, float64(s.Hits), source, "hit")
		presenceLookups.send(to, float64(s.Calls), source, "call")
		presenceLookups.send(to, float64(s.Waits), source, "wait")
		if s.Watched {
			presenceConnected.send(to, flag(s.Connected), source)
			presenceUpdates.send(to, float64(s.Updates), source)
			presenceDisconnects.send(to, float64(s.Disconnects), source)
		}
	}
	cached := c.state.Responses()
	responseHits.send(to, float64(cached.Hits))
	responseMisses.send(to, float64(cached.Misses))
	responseEvictions.send(to, float64(cached.Evictions))
	responseBytes.send(to, float64(cached.Bytes))
	responseMaximum.send(to, float64(cached.Size))
	plans := c.state.Plans()
	executed.send(to, float64(plans.Planned), "plan")
	executed.send(to, float64(plans.Left), "gqlgen")
	planPanics.send(to, float64(plans.Panics))
	told := c.state.Changes()
	changesSeen.send(to, float64(told.Appended))
	changesKept.send(to, float64(told.Length))
	changesReaders.send(to, float64(told.Readers))
	changesSent.send(to, float64(told.Sent))
	changesDelay.send(to, told.Delay.Seconds())
	changesRefused.send(to, float64(told.Expired), "cursor")
	changesRefused.send(to, float64(told.Dropped), "slow")
	changesWriter.send(to, flag(told.Writer))
	changesPending.send(to, float64(told.Pending))
	for _, w := range c.state.Webhooks() {
		delivered(to, &w, now)
	}
	log := c.state.AccessLog()
	accessLogFailing.send(to, flag(log.Failing))
	accessLogFailures.send(to, float64(log.Failures))
	for _, u := range c.state.Shared() {
		limitHeld.send(to, float64(u.Held), u.Limit)
		limitMaximum.send(to, float64(u.Size), u.Limit)
		limitCallers.send(to, float64(u.Holders), u.Limit)
		limitRefused.send(to, float64(u.RefusedCaller), u.Limit, "caller")
		limitRefused.send(to, float64(u.RefusedAnonymous), u.Limit, "anonymous")
		limitRefused.send(to, float64(u.RefusedPool), u.Limit, "all")
	}
	reload := c.state.LastReload()
	configOK.send(to, flag(reload.OK))
	configSince.send(to, float64(reload.Since.Unix()))
	built := c.state.Builds()
	directoryBuilds.send(to, float64(built.Builds))
	directoryBuilding.send(to, built.Took.Seconds())
	directoryLast.send(to, built.Last.Seconds())
	if !built.BuiltAt.IsZero() {
		directoryAge.send(to, now.Sub(built.BuiltAt).Seconds())
	}
}

// source sends the metrics of a source itself, without those of its collections.
func (stateCollector) source(to chan<- prometheus.Metric, s *connectors.Source) {
	health := connectors.Health{}
	if s.Health != nil {
		health = s.Health()
	}
	for state := connectors.BreakerClosed; state <= connectors.BreakerProbing; state++ {
		breakerState.send(to, flag(state == health.Breaker), s.Name, state.String())
	}
	credential := connectors.CredentialStatus{}
	if s.Credential != nil {
		credential = s.Credential()
	}
	for state := connectors.CredentialGood; state <= connectors.CredentialRefused; state++ {
		credentialState.send(to, flag(state == credential.State), s.Name, state.String())
	}
	if !credential.ExpiresAt.IsZero() {
		credentialEnd.send(to, float64(credential.ExpiresAt.Unix()), s.Name)
	}
}

func (stateCollector) status(to chan<- prometheus.Metric, st snapshot.Status) {
	source, collection := st.Source, st.Collection.String()
	for s := snapshot.Fresh; s <= snapshot.Missing; s++ {
		snapshotState.send(to, flag(s == st.State), source, collection, s.String())
	}
	for _, a := range st.Anomalies { // connectors name the fields: a source cannot create one
		sourceAnomalies.send(to, float64(a.Count), source, collection, a.Field, a.Example)
	}
	snapshotFreshFor.send(to, st.FreshFor.Seconds(), source, collection)
	snapshotFailing.send(to, flag(st.Err != nil && st.Err.Kind != connectors.KindSuspiciousLoss), source, collection)
	lost := 0
	if st.Loss != nil {
		lost = st.Loss.Lost
	}
	snapshotHeld.send(to, float64(lost), source, collection)
}

func (stateCollector) collection(to chan<- prometheus.Metric, u snapshot.Stats, now time.Time) {
	source, collection := u.Source, u.Collection.String()
	snapshotFetches.send(to, float64(u.Fetches), source, collection)
	snapshotFailures.send(to, float64(u.Short), source, collection, "short")
	for kind := connectors.KindUnavailable; kind <= connectors.KindSuspiciousLoss; kind++ { // all kinds: Prometheus sees an increase only if the series existed before
		snapshotFailures.send(to, float64(u.Failures[kind]), source, collection, labelOf(kind))
	}
	if u.Took > 0 {
		snapshotTook.send(to, u.Took.Seconds(), source, collection)
	}
	for _, t := range u.Tiers {
		tier := t.Tier.String()
		if t.Tier != snapshot.TierSource {
			snapshotRecords.send(to, float64(t.Count), source, collection, tier)
			snapshotBytes.send(to, float64(t.Bytes), source, collection, tier)
			snapshotFills.send(to, float64(t.Fills), source, collection, tier)
			snapshotWaits.send(to, float64(t.Waits), source, collection, tier)
		}
		if !t.SyncedAt.IsZero() {
			snapshotAge.send(to, now.Sub(t.SyncedAt).Seconds(), source, collection, tier)
		}
		snapshotHits.send(to, float64(t.Hits), source, collection, tier)
		snapshotMisses.send(to, float64(t.Misses), source, collection, tier)
	}
}

func (stateCollector) shared(to chan<- prometheus.Metric, s redis.Stats) {
	redisConnected.send(to, flag(s.Connected))
	redisReplicas.send(to, float64(s.Replicas))
	redisCalls.send(to, float64(s.Calls))
	for reason, n := range s.Failures {
		redisFailures.send(to, float64(n), reason)
	}
	redisChanges.send(to, float64(s.Found), "connected")
	redisChanges.send(to, float64(s.Lost), "away")
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
