package config

import (
	"time"

	"roster/connectors"
)

// The types below define the file: each setting is defined only here. The tags are:
//
//	key       its name in the file; a secret has a twin with _file behind it
//	doc       what it is for
//	default   its value when left out; shown as a word in parentheses where it is not a value of its own
//	except    other defaults for single collections: accounts=1m
//	required  it has no default
//	kind      here are the settings of the source's kind
//	min, max  its bounds
//	oneof     all of its values
//	type      a better word for its type
//
// Each kind of source defines its own settings, with the tags that connectors.Kind explains. A word in parentheses stands for the values of the
// registered kinds.

type rootFile struct {
	Listen            string         `key:"listen" type:"host:port" default:"127.0.0.1:8080" doc:"The address of the server. An address beyond loopback needs access.keys or access.oidc, and tls or insecure_plaintext."`
	TLS               *tlsFile       `key:"tls" default:"(plaintext)" doc:"Serves HTTPS and HTTP/2. Without it, only clients with prior knowledge can use HTTP/2 (h2c). Roster reads the files again when they change."`
	InsecurePlaintext bool           `key:"insecure_plaintext" default:"false" doc:"Allows an address beyond loopback without tls, for example behind a proxy that terminates TLS. Credentials and personal data are then sent unencrypted."`
	TrustedProxies    []string       `key:"trusted_proxies" type:"list of networks" default:"(none)" doc:"Addresses and networks of the proxies in front of the server, such as 10.0.3.0/24. They name their clients by X-Forwarded-For, Forwarded or the PROXY protocol; from other addresses, Roster ignores these. limits.address_connections does not apply to them. See deploy.md."`
	Access            accessFile     `key:"access" doc:"Who may query, and what. Without keys and oidc, everyone who reaches the server may do everything."`
	IdleAfter         time.Duration  `key:"idle_after" default:"1h" min:"1m" max:"30d" doc:"How long after the last query Roster continues to fetch in the background. An open stream of changes counts as a query for all sources."`
	FirstWait         time.Duration  `key:"first_wait" default:"2s" min:"1ms" max:"1m" doc:"How long a query waits for data that has never been fetched, or is far too old."`
	MaxWait           time.Duration  `key:"max_wait" default:"5s" min:"1ms" max:"1m" doc:"How long a query that requires newer data waits for it at most."`
	MaxPause          time.Duration  `key:"max_pause" default:"15m" min:"1s" max:"15m" doc:"The longest pause that Roster makes because a source asks for it (Retry-After). If the source blocks Roster, the pause is an hour."`
	DrainDelay        time.Duration  `key:"drain_delay" default:"5s" min:"0s" max:"5m" doc:"How long the server accepts requests after the signal to stop. Meanwhile /readyz fails and each answer ends its connection, so that a load balancer stops sending requests."`
	SourceErrs        string         `key:"source_errors" oneof:"errors extensions" default:"extensions" doc:"Where an answer reports missing data of sources: in errors, or in extensions.sources only, because many clients discard an answer with errors. The header X-Roster-Source-Errors chooses for one request."`
	Guard             guardFile      `key:"guard" doc:"How many of the known records a complete fetch may lack before it is held back."`
	Redis             *redisFile     `key:"redis" default:"(memory only)" doc:"The Redis through which replicas share data. If it is down, at the start or later, queries are still answered."`
	CacheDir          string         `key:"cache_dir" type:"path" default:"(none)" doc:"A folder for fetched data, without redis, so that a restarted server answers at once. For one process only: a second one does not start. Relative to the configuration file."`
	CredentialsDir    string         `key:"credentials_dir" type:"path" default:"(redis, if it has an encryption_key and is durable)" doc:"A folder for OAuth tokens that are renewed. Replicas may share it if its file system supports locks. Relative to the configuration file."`
	Writes            writesFile     `key:"writes" doc:"How writes are stored and shown; see writing.md."`
	Identity          identityFile   `key:"identity" doc:"Which accounts are one person, if their addresses do not show it."`
	CustomFields      []customFile   `key:"custom_fields" default:"(none)" doc:"Custom fields of accounts and contacts that the graph shows as attributes; see truth.md. Sources are asked for custom fields only if these or an anchor name some. At most 100, with 20 different names."`
	Precedence        precedenceFile `key:"precedence" doc:"For single fields of a person, the sources in order of preference. Sources that are not named follow in the order of the file."`
	Admin             adminFile      `key:"admin" doc:"The listener for the operator."`
	Log               logFile        `key:"log" doc:"The log."`
	Tracing           tracingFile    `key:"tracing" doc:"OpenTelemetry traces."`
	Introspection     bool           `key:"introspection" default:"false" doc:"Allows clients to read the schema. Without it, only callers with the scope directory:schema have documentation and completion in the playground; without access, everyone has that scope. roster schema prints the schema in any case. Always on in the demo."`
	Federation        federationFile `key:"federation" doc:"The schema for a federation router; see federation.md."`
	Cache             Cache          `key:"cache" doc:"Answers that are kept for further requests."`
	Changes           Changes        `key:"changes" doc:"The log of changes. After an interruption, clients continue from it."`
	Webhooks          []webhookFile  `key:"webhooks" default:"(none)" doc:"Receivers to which Roster sends the changes of the directory; see webhooks.md. At most 50."`
	Limits            Limits         `key:"limits" doc:"Limits of what callers may ask for. A refusal names the limit and its number."`
	TrustedDocuments  *trustedFile   `key:"trusted_documents" default:"(all documents run)" doc:"Allows only registered documents."`
	PersistedQueries  bool           `key:"persisted_queries" default:"true" doc:"Allows clients to send the hash of a document that a client has sent before, instead of the document (automatic persisted queries). Off if trusted_documents are enforced."`
	CORS              corsFile       `key:"cors" doc:"Which web pages may use the graph."`
	Sources           []sourceFile   `key:"sources" required:"yes" doc:"The sources, in the order in which their values are preferred. At least one."`
}

type adminFile struct {
	Listen string `key:"listen" type:"host:port" default:"(none)" doc:"A port for operators: /metrics, /webhooks, /healthz and /readyz. Without it, /metrics is on the main port, if that is on loopback and needs no authentication; otherwise there are no metrics. Other machines may reach this port: metrics contain names of sources, /webhooks the hosts of receivers, and neither names of people."`
	Pprof  bool   `key:"pprof" default:"false" doc:"Adds /debug/pprof/ there. Needs admin.listen."`
}

type logFile struct {
	Format string `key:"format" oneof:"text json" default:"(text in a terminal, else json)" doc:"How each line of the log, on standard error, is written: text is logfmt (key=value)."`
	Level  string `key:"level" oneof:"debug info warn error" default:"info" doc:"The lowest level that is logged. At debug, each request has a line."`
}

type tracingFile struct {
	Endpoint string  `key:"endpoint" type:"URL" default:"(none)" doc:"Switches traces on, and sends them there by OTLP over HTTP: http://127.0.0.1:4318. Without it, OTEL_EXPORTER_OTLP_ENDPOINT and the other variables of OpenTelemetry apply."`
	Ratio    float64 `key:"ratio" default:"1" min:"0" max:"1" doc:"The share of operations to trace, if the caller's traceparent does not decide it."`
}

type guardFile struct {
	MaxLoss     string        `key:"max_loss" type:"percentage" default:"30%" doc:"A complete fetch that lacks more of a collection's known records than this, and at least 20, is held back: the known records are served as stale. With 100%, nothing is held back. The accounts of identity.authority have a smaller one."`
	AcceptAfter time.Duration `key:"accept_after" default:"1d" min:"1m" max:"30d" doc:"How long after the first such fetch the loss is accepted. refreshSource with acceptLoss accepts it at once."`
}

type collectionGuardFile struct {
	MaxLoss     string        `key:"max_loss" type:"percentage" default:"(guard.max_loss)" doc:"For this collection. For the accounts of identity.authority, the default is the smaller of that and 5%."`
	AcceptAfter time.Duration `key:"accept_after" default:"(guard.accept_after)" min:"1m" max:"30d" doc:"For this collection."`
}

type tlsFile struct {
	CertFile     string `key:"cert_file" type:"path" required:"yes" doc:"The server's certificate in PEM, followed by the intermediate certificates. Relative to the configuration file, like the next two."`
	KeyFile      string `key:"key_file" type:"path" required:"yes" doc:"The key of the certificate, in PEM."`
	ClientCAFile string `key:"client_ca_file" type:"path" default:"(clients need no certificate)" doc:"Clients must have a certificate that one of these authorities has signed."`
}

type federationFile struct {
	Prefix             string `key:"prefix" default:"(none)" doc:"A prefix for the names of types (not scalars) and of root fields. Use it if another subgraph has a type such as Role or a field such as node. With Roster, Role becomes RosterRole, and node becomes rosterNode. All clients must use these names."`
	SecurityDirectives string `key:"security_directives" oneof:"auto include omit" default:"auto" doc:"Whether the schema of the subgraph has @requiresScopes: include, omit, or auto, which includes it if a key or oidc has router: true. With router: true, omit is a fault."`
}

type trustedFile struct {
	File string `key:"file" type:"path" required:"yes" doc:"The manifest: one of Apollo's form, or a JSON object with documents by their IDs. Relative to the configuration file."`
	Mode string `key:"mode" oneof:"enforce warn" default:"enforce" doc:"Whether other documents are refused, or run with a line in the log."`
}

// Cache says how much is kept of answers.
type Cache struct {
	ResponseBytes int  `key:"response_bytes" default:"67108864" min:"0" max:"17179869184" doc:"Bytes of memory for cached answers. A cached answer is used until data on which it depends changes. 0 to cache none. An answer that needs more than 1/16 of this value is not cached."`
	Public        bool `key:"public" default:"false" doc:"Whether shared caches, such as that of a proxy, may keep answers too (Cache-Control: public). Such a cache must follow Vary, and then holds data of people. Answers that depend on who asks stay private."`
}

// Changes bounds the log of changes.
type Changes struct {
	Length  int           `key:"length" default:"100000" min:"1" max:"10000000" doc:"The number of changes that are kept: in memory and, for all replicas, in Redis. A client that falls behind by more than that is dropped."`
	KeepFor time.Duration `key:"keep_for" default:"24h" min:"1m" max:"30d" doc:"How long a change is kept. A cursor expires when a change after it is no longer kept."`
}

type webhookFile struct {
	Name          string            `key:"name" required:"yes" doc:"The name in logs and metrics, by which the position is stored: lower-case letters, digits and hyphens, at most 63. Unique."`
	URL           connectors.Secret `key:"url" type:"URL" required:"yes" doc:"The address of the receiver. Only its host is ever shown or logged, because the rest can be secret."`
	InsecureHTTP  bool              `key:"insecure_http" default:"false" doc:"Allows a url with http://. The names of people are then sent unencrypted."`
	Secret        connectors.Secret `key:"secret" required:"yes" doc:"Signs each message, as Standard Webhooks describes: whsec_ and 24 to 64 random bytes in base64."`
	Previous      connectors.Secret `key:"previous_secret" default:"(none)" doc:"The earlier secret. It signs each message too, until you remove it."`
	Kinds         []string          `key:"kinds" default:"(all)" oneof:"USER TEAM ROLE CONTACT CONTACT_FOLDER SOURCE" doc:"Only changes of these kinds: USER, TEAM, ROLE, CONTACT, CONTACT_FOLDER, SOURCE. A change with reset comes in any case."`
	Sources       []string          `key:"sources" type:"list of sources" default:"(all)" doc:"Only changes of objects that these sources have. A change with reset, after which a receiver must read a part of the directory again, comes for every source."`
	Sensitive     bool              `key:"sensitive" default:"false" doc:"Also reports that fields which need directory:sensitive, such as phones, have changed. Their values are never sent."`
	AllowNetworks []string          `key:"allow_networks" type:"list of networks" default:"(public addresses only)" doc:"Addresses and networks that are not public, and that the receiver may have, such as 10.0.3.0/24. Roster checks the address of each connection when it is made."`
	Batch         int               `key:"batch" default:"100" min:"1" max:"1000" doc:"Changes in one message. A message ends earlier at 16 KiB."`
	Timeout       time.Duration     `key:"timeout" default:"15s" min:"100ms" max:"1m" doc:"The longest duration of one attempt."`
	RetryFor      time.Duration     `key:"retry_for" default:"12h" min:"1s" max:"7d" doc:"How long a message with changes is tried. Then it is a dead letter; the receiver gets a message to read everything again, and then the changes that follow. Set it shorter than changes.keep_for: then the log still has the changes that follow."`
}

// Limits bound what callers may ask for.
type Limits struct {
	BodyBytes          int           `key:"body_bytes" default:"1048576" min:"1024" max:"67108864" doc:"Bytes of a request's body, compressed and decompressed, or of a message of a WebSocket."`
	HeaderBytes        int           `key:"header_bytes" default:"65536" min:"4096" max:"1048576" doc:"Bytes of a request's headers, including its URL."`
	Tokens             int           `key:"tokens" default:"5000" min:"10" max:"1000000" doc:"Tokens of a document."`
	Depth              int           `key:"depth" default:"12" min:"1" max:"500" doc:"Levels of nested fields."`
	Fields             int           `key:"fields" default:"2000" min:"1" max:"1000000" doc:"Fields of a document. A fragment counts at each place where it is used."`
	Aliases            int           `key:"aliases" default:"200" min:"0" max:"1000000" doc:"Fields with an alias."`
	Directives         int           `key:"directives" default:"200" min:"0" max:"1000000" doc:"Directives of a document."`
	RootFields         int           `key:"root_fields" default:"100" min:"1" max:"1000000" doc:"Root fields of an operation."`
	Fragments          int           `key:"fragments" default:"200" min:"0" max:"100000" doc:"Named fragments of a document."`
	Pairs              int           `key:"pairs" default:"20000" min:"0" max:"10000000" doc:"Pairs of fields with one response name in one place, because validation compares each pair. A field that is repeated 200 times makes 19900 pairs."`
	Cost               int           `key:"cost" default:"500000" min:"1" max:"2000000000" doc:"Cost of an operation, calculated before it runs: 1 for each value of the largest answer that the current data allows, 1 for each item of a list in its input, and more if @cost in the schema says so. The cost bounds the number of values in an answer."`
	VariablesBytes     int           `key:"variables_bytes" default:"524288" min:"16" max:"67108864" doc:"Bytes of the variables."`
	VariablesDepth     int           `key:"variables_depth" default:"16" min:"1" max:"1000" doc:"Levels of nested lists and objects in a variable."`
	ListItems          int           `key:"list_items" default:"5000" min:"0" max:"10000000" doc:"Items of all lists in a document and its variables together, including lists in lists."`
	Errors             int           `key:"errors" default:"100" min:"1" max:"100000" doc:"Errors shown in one answer, of 640 bytes each on average. One more error counts the rest."`
	AnswerBytes        int           `key:"answer_bytes" default:"33554432" min:"1024" max:"1073741824" doc:"Bytes of the data of one answer. Longer data is not sent."`
	PendingAnswerBytes int           `key:"pending_answer_bytes" default:"268435456" min:"1024" max:"17179869184" doc:"Bytes of all answers that are being made or wait for their clients to read them, plus four times the bytes of their requests. Each answer counts at least 16 KiB. Not less than answer_bytes."`
	OperationTime      time.Duration `key:"operation_time" default:"15s" min:"100ms" max:"10m" doc:"The longest duration of an operation."`
	Operations         int           `key:"operations" default:"256" min:"1" max:"100000" doc:"Concurrent operations of all callers."`
	CallerOperations   int           `key:"caller_operations" default:"64" min:"1" max:"100000" doc:"Concurrent operations of one caller. If it is left out: 64, or caller_share of limits.operations if that is less. An anonymous caller is known by the address; of IPv6 by the first 64 bits."`
	RunningCost        int           `key:"running_cost" default:"2000000" min:"1" max:"1000000000" doc:"Cost of all concurrent operations together. An operation that runs alone may cost more."`
	CallerShare        int           `key:"caller_share" default:"25" min:"1" max:"100" doc:"Percentage of each shared resource that one caller may hold: of running_cost, pending_answer_bytes, streams, exports, and the 32 bodies of more than 64 KiB that are read at a time. Even if the share is smaller, a caller may run one operation that costs limits.cost, and get one answer of limits.answer_bytes."`
	AnonymousShare     int           `key:"anonymous_share" default:"50" min:"1" max:"100" doc:"Percentage of operations, and of each shared resource, that all anonymous callers may hold together, if access.keys or access.oidc names others."`
	Requests           int           `key:"requests" default:"6000" min:"0" max:"100000000" doc:"Requests of one caller in requests_per; they become available again evenly. 0 for no limit. With redis, replicas count together."`
	RequestsPer        time.Duration `key:"requests_per" default:"1m" min:"1s" max:"1d" doc:"The period in which limits.requests counts."`
	Connections        int           `key:"connections" default:"2000" min:"1" max:"1000000" doc:"Open connections. A connection beyond this limit, or beyond the next one, gets HTTP 503 with Retry-After; with tls it is closed."`
	AddressConnections int           `key:"address_connections" default:"200" min:"1" max:"1000000" doc:"Open connections from one address. Connections from trusted_proxies do not count for the proxy. With the PROXY protocol, each counts for the client that its header names. Connections count before the caller is known, so ten addresses with 200 connections each reach the default of limits.connections and keep out everybody else. If anybody can reach this server, put a proxy before it."`
	HeaderTime         time.Duration `key:"header_time" default:"5s" min:"100ms" max:"10m" doc:"Time for a request's headers to arrive."`
	BodyTime           time.Duration `key:"body_time" default:"15s" min:"100ms" max:"1h" doc:"Time for a whole request, or a message of a WebSocket, to arrive."`
	AnswerTime         time.Duration `key:"answer_time" default:"1m" min:"1s" max:"1h" doc:"Time for a client to send a request and read its answer."`
	IdleTime           time.Duration `key:"idle_time" default:"2m" min:"1s" max:"1h" doc:"Time for which a connection without a request stays open."`
	MinRate            int           `key:"min_rate" default:"4096" min:"0" max:"1073741824" doc:"Bytes per second that a client must send of a body or message, and read of an answer, while the server waits for it. A slower client is dropped, whatever time is left. 0 for no limit."`
	MinRateGrace       time.Duration `key:"min_rate_grace" default:"5s" min:"100ms" max:"1h" doc:"How much longer than min_rate allows a client may take. A client that reads an answer also has the time for 32 KiB at that rate, because clients acknowledge data in steps."`
	StreamOperations   int           `key:"stream_operations" default:"50" min:"1" max:"10000" doc:"Concurrent operations on one WebSocket."`
	StreamIdle         time.Duration `key:"stream_idle" default:"1h" min:"1s" max:"30d" doc:"Time for which a WebSocket without an operation stays open."`
	Streams            int           `key:"streams" default:"1000" min:"1" max:"1000000" doc:"Open streams of all callers: WebSockets, and each subscription."`
	Exports            int           `key:"exports" default:"8" min:"1" max:"1000" doc:"Concurrent exports of all callers. Each keeps the directory in memory as it was when the export began."`
	ExportTime         time.Duration `key:"export_time" default:"10m" min:"1s" max:"1d" doc:"Time for a client to receive an export."`
	FetchBytes         int           `key:"fetch_bytes" default:"134217728" min:"1048576" max:"17179869184" doc:"Bytes of all answers of sources that are read at a time. For an answer of more than 1 MiB, Roster reserves max_bytes of the source until it has read the rows. If there is not enough room, the answer waits until others have been read."`
}

type corsFile struct {
	Origins []string `key:"origins" type:"list of origins" default:"(none)" doc:"Origins whose pages may use the graph from a browser, in addition to the server's own, such as https://people.example.com. There is no wildcard."`
}

type accessFile struct {
	Keys       []keyFile      `key:"keys" default:"(none)" doc:"API keys, each with a name and scopes. To replace a key, add the new one, and remove the old one when nobody uses it any more."`
	OIDC       *oidcFile      `key:"oidc" default:"(none)" doc:"The issuer whose tokens (JWT) are accepted."`
	Anonymous  *anonymousFile `key:"anonymous" default:"(none)" doc:"Allows callers without credentials."`
	Hosts      []string       `key:"hosts" default:"(localhost and loopback addresses, if listen is on loopback and callers need no credentials; else any)" doc:"The host names or addresses under which the server answers, without a port. Requests for others are refused, except for /healthz, /readyz and webhooks of sources."`
	Log        string         `key:"log" type:"off, stderr or path" default:"off" doc:"Where to record who queried or changed what: one line for each answer, without values. Relative to the configuration file."`
	LogFailure string         `key:"log_failure" oneof:"continue refuse" default:"continue" doc:"What happens while access.log cannot be written: continue answers, and a metric counts the missing entries; refuse answers operations with HTTP 503 and fails /readyz."`
}

type keyFile struct {
	Name   string            `key:"name" required:"yes" doc:"The name of the caller in viewer and in the log. Unique."`
	Hash   string            `key:"hash" required:"yes" type:"sha256:…" doc:"The hash that roster key prints with the key."`
	Scopes []string          `key:"scopes" required:"yes" type:"list of scopes" oneof:"directory:read directory:sensitive directory:write directory:admin directory:schema directory:raw" doc:"What the caller may do: directory:read, directory:sensitive, directory:write, directory:admin, directory:schema, directory:raw. None includes another."`
	Router bool              `key:"router" default:"false" doc:"The key belongs to a federation router that checks the scopes of its own callers by @requiresScopes in the subgraph's schema. Includes directory:schema."`
	Limits *callerLimitsFile `key:"limits" default:"(those of everybody)" doc:"Limits for this caller instead of those in limits, for example for a router."`
}

// callerLimitsFile are the limits of a single credential.
type callerLimitsFile struct {
	BodyBytes        int `key:"body_bytes" default:"(as in limits)" min:"1024" max:"67108864" doc:"Bytes of a request's body."`
	VariablesBytes   int `key:"variables_bytes" default:"(as in limits)" min:"16" max:"67108864" doc:"Bytes of the variables; not more than body_bytes."`
	AnswerBytes      int `key:"answer_bytes" default:"(as in limits)" min:"1024" max:"1073741824" doc:"Bytes of the data of one answer."`
	ListItems        int `key:"list_items" default:"(as in limits)" min:"1" max:"10000000" doc:"Items of lists."`
	Cost             int `key:"cost" default:"(as in limits)" min:"1" max:"2000000000" doc:"Cost of an operation."`
	CallerOperations int `key:"caller_operations" default:"(as in limits)" min:"1" max:"100000" doc:"Concurrent operations; not more than limits.operations."`
	CallerShare      int `key:"caller_share" default:"(as in limits)" min:"1" max:"100" doc:"Percentage of each shared resource."`
	Requests         int `key:"requests" default:"(as in limits)" min:"1" max:"100000000" doc:"Requests in limits.requests_per."`
}

type oidcFile struct {
	Issuer     string            `key:"issuer" required:"yes" type:"URL" doc:"Required in oidc. The exact iss of its tokens, including a final slash."`
	Audience   string            `key:"audience" required:"yes" doc:"Required in oidc. The value that aud of a token must contain."`
	JWKSURL    string            `key:"jwks_url" type:"URL" default:"(as the issuer says)" doc:"The address of the issuer's keys."`
	Algorithms []string          `key:"algorithms" type:"list" default:"(RS256, ES256)" oneof:"RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA" doc:"The accepted signature algorithms, of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA."`
	ScopeClaim string            `key:"scope_claim" default:"(scope and scp)" doc:"The claim with the scopes: a list, or a text with spaces between them. A dot separates the names of nested claims, as in realm_access.roles."`
	EmailClaim string            `key:"email_claim" default:"email" doc:"The claim with the caller's e-mail address. It counts only if email_verified is true. Choose another claim only if email_verified applies to it too."`
	TokenUse   string            `key:"token_use" default:"access" doc:"The required value of the claim token_use, if a token has this claim. Amazon Cognito's access tokens have no aud: set id for Cognito, and let clients send ID tokens. ID tokens without this claim are refused in any case."`
	ClockSkew  time.Duration     `key:"clock_skew" default:"30s" min:"1ms" max:"5m" doc:"How much the issuer's clock may differ from this one."`
	Router     bool              `key:"router" default:"false" doc:"The tokens belong to a federation router, as with router of a key."`
	Limits     *callerLimitsFile `key:"limits" default:"(those of everybody)" doc:"Limits for each caller with such a token, instead of those in limits."`
	Grants     []grantFile       `key:"grants" default:"(none)" doc:"Scopes for callers whose claim has a value, such as a group."`
}

type grantFile struct {
	Claim  string   `key:"claim" required:"yes" doc:"The claim, such as groups."`
	Value  string   `key:"value" required:"yes" doc:"The value, such as hr."`
	Scopes []string `key:"scopes" required:"yes" type:"list of scopes" oneof:"directory:read directory:sensitive directory:write directory:admin directory:schema directory:raw" doc:"What these callers may do."`
}

type anonymousFile struct {
	Scopes []string `key:"scopes" required:"yes" type:"list of scopes" oneof:"directory:read directory:sensitive directory:write directory:admin directory:schema directory:raw" doc:"Required in anonymous. What these callers may do."`
}

type writesFile struct {
	Dir         string        `key:"dir" type:"path" default:"(memory, or redis)" doc:"A folder for idempotency keys and intents, without redis. For one process only: a second one does not start. Relative to the configuration file."`
	SettleAfter time.Duration `key:"settle_after" default:"5s" min:"100ms" max:"10m" doc:"If a call gets no answer, Roster waits this long and fetches the records again. If the record is not there then, it was not created."`
	ShowFor     time.Duration `key:"show_for" default:"10m" min:"1s" max:"1d" doc:"How long a written record is shown although the source's own list does not have it."`
	AuditValues bool          `key:"audit_values" default:"false" doc:"Adds the input to the log line of each write."`
}

type redisFile struct {
	URL              string            `key:"url" type:"URL" default:"(none)" doc:"A single server: redis://host:6379/0, or rediss:// for TLS. Either url or addrs is required in redis."`
	Addrs            []string          `key:"addrs" type:"list of host:port" default:"(none)" doc:"Nodes of a Cluster, or with master_name Sentinels."`
	MasterName       string            `key:"master_name" default:"(none)" doc:"The name of the master in the Sentinels."`
	Username         string            `key:"username" default:"(the default user)" doc:"The Redis user. docs/replicas.md lists the rights that it needs."`
	Password         connectors.Secret `key:"password" default:"(none)" doc:"That user's password."`
	SentinelUsername string            `key:"sentinel_username" default:"(the default user)" doc:"The user for the Sentinels."`
	SentinelPassword connectors.Secret `key:"sentinel_password" default:"(none)" doc:"That user's password."`
	TLS              *redisTLSFile     `key:"tls" default:"(off, but for rediss://)" doc:"Enables TLS. {} is enough."`
	Prefix           string            `key:"prefix" default:"roster:" doc:"The prefix of each key. Give each environment that shares a Redis its own prefix, and change the rights of the Redis user with it. After a change, what is stored under the old prefix is not found: edits of identities, OAuth tokens, positions of webhooks, cursors. Environments with different prefixes do not share the rate limits of a source."`
	EncryptionKey    connectors.Secret `key:"encryption_key" default:"(not encrypted)" doc:"32 bytes as hexadecimal digits or base64. It encrypts the stored data with AES-256-GCM. After a change of the key, the data is fetched again."`
	PoolSize         int               `key:"pool_size" default:"(10 for each processor)" min:"1" max:"10000" doc:"Maximum number of connections to each node."`
	DialTimeout      time.Duration     `key:"dial_timeout" default:"1s" min:"10ms" max:"1m" doc:"Time to connect."`
	ReadTimeout      time.Duration     `key:"read_timeout" default:"3s" min:"10ms" max:"1m" doc:"Time to read an answer."`
	WriteTimeout     time.Duration     `key:"write_timeout" default:"3s" min:"10ms" max:"1m" doc:"Time to send a command."`
}

type redisTLSFile struct {
	CAFile     string `key:"ca_file" type:"path" default:"(the system's authorities)" doc:"The trusted authorities, in PEM. Relative to the configuration file, like the next two."`
	CertFile   string `key:"cert_file" type:"path" default:"(none)" doc:"A client certificate, in PEM."`
	KeyFile    string `key:"key_file" type:"path" default:"(none)" doc:"The key of the client certificate."`
	ServerName string `key:"server_name" default:"(the host's)" doc:"The name that the server's certificate must have."`
}

type identityFile struct {
	Dir             string       `key:"dir" type:"path" default:"(none, or redis)" doc:"A directory for the edits that linkAccounts, splitAccount and undoIdentity make, without redis. For one process only: a second one does not start. Relative to the configuration file."`
	Link            [][]string   `key:"link" type:"list of lists of source/id" default:"(none)" doc:"Accounts that are one person, at least two in each list: [[projects/3993, chat/pW4kTzq8]]."`
	Split           [][]string   `key:"split" type:"list of lists of source/id" default:"(none)" doc:"Accounts that are different people although they share an address, at least two in each list."`
	Authority       string       `key:"authority" type:"source" default:"(none)" doc:"The name of the source that decides who works here, such as hr. Whoever is gone there and has an active account elsewhere is a leaver; see truth.md. A fetch that lacks more than 5% of its accounts, and at least 20, is held back. A smaller guard.max_loss counts in place of the 5%, and so does one that is set at these accounts."`
	Anchors         []anchorFile `key:"anchors" default:"(none)" doc:"Values other than addresses that accounts of one person have in common, such as the number of an employee; see identity.md. At most 10."`
	SharedMailboxes []string     `key:"shared_mailboxes" default:"(info, sales, support and the like)" doc:"The parts before the @ of addresses that never join accounts. Replaces the default list, which is in identity.md."`
}

type anchorFile struct {
	Name   string   `key:"name" required:"yes" doc:"The name that the graph shows: lower-case letters, digits and hyphens, at most 63. Unique."`
	Fields []string `key:"fields" type:"list of source/field" required:"yes" doc:"The field of each source that has the value: [hr/number, chat/employeeNumber]. A field is id, username, a custom field of a source that has some, or an attribute of its kind. Name no field that people can change themselves: if they write the value of somebody else, they become one person with them."`
}

type customFile struct {
	Source string `key:"source" required:"yes" doc:"The source whose records have the field. It must be of a kind whose records have custom fields."`
	Path   string `key:"path" required:"yes" doc:"The field, as an anchor names it: the name of the custom field, or of an attribute of its kind. Where the source gives its fields IDs: the ID (better: it stays), the code, or the name."`
	As     string `key:"as" required:"yes" doc:"The name of the attribute in the graph: a letter, then letters, digits and underscores, at most 63. Several sources may give one attribute; the first source in sources with a value counts."`
	Type   string `key:"type" oneof:"text number boolean date list" default:"text" doc:"The type of the values. A value that does not fit it is none, and counts as an anomaly. Only a list has several values. A date is RFC 3339, or 2026-05-11, or 2026-05-11 10:00:00, or what the source has as a date; without a zone it is in UTC."`
}

type precedenceFile struct {
	Name       []string `key:"name" type:"list of sources" default:"(as in sources)" doc:"Full name."`
	FirstName  []string `key:"first_name" type:"list of sources" default:"(as in sources)" doc:"First name."`
	LastName   []string `key:"last_name" type:"list of sources" default:"(as in sources)" doc:"Last name."`
	Title      []string `key:"title" type:"list of sources" default:"(as in sources)" doc:"Position in the company."`
	Department []string `key:"department" type:"list of sources" default:"(as in sources)" doc:"Organisational unit."`
	Email      []string `key:"email" type:"list of sources" default:"(as in sources)" doc:"Main e-mail address, of those that a source vouches for."`
	Phones     []string `key:"phones" type:"list of sources" default:"(as in sources)" doc:"Phone numbers."`
	Addresses  []string `key:"addresses" type:"list of sources" default:"(as in sources)" doc:"Postal addresses."`
	AvatarURL  []string `key:"avatar_url" type:"list of sources" default:"(as in sources)" doc:"Picture."`
	Locale     []string `key:"locale" type:"list of sources" default:"(as in sources)" doc:"Language."`
}

type sourceFile struct {
	Name string `key:"name" required:"yes" doc:"The name in queries and answers: lower-case letters, digits and hyphens, at most 63. Unique."`
	Kind string `key:"kind" required:"yes" oneof:"(kinds)" doc:"The vendor."`
	URL  string `key:"url" type:"URL" required:"(kinds)" doc:"The address of the source. A path in it is the prefix of all paths."`

	// Settings are the kind's own, see connectors.Kind.Settings; nil if the kind is not known, or has none.
	Settings any `kind:"yes"`

	InsecureHTTP bool            `key:"insecure_http" default:"false" doc:"Allows a url with http:// to another machine. The credential is then sent unencrypted."`
	EmailTrust   string          `key:"email_trust" oneof:"verified asserted none" default:"asserted" except:"(kinds)" doc:"Which e-mail addresses the source vouches for: verified, those that it has verified; asserted, all of them, because an administrator entered them; none."`
	TimeZone     string          `key:"time_zone" type:"IANA time zone" default:"UTC" doc:"The time zone of dates without a time zone."`
	Raw          bool            `key:"raw" default:"false" doc:"Keeps the row of each account as the source sent it, up to 32 KiB, without members that hold secrets, for callers with directory:raw and directory:sensitive. It takes memory, and space in redis or cache_dir; see truth.md. It shows after the next fetch."`
	PhoneRegion  string          `key:"phone_region" type:"ISO 3166 code" default:"(international numbers only)" doc:"The country of phone numbers without a country code, such as UA."`
	Timeout      time.Duration   `key:"timeout" default:"(the vendor's)" min:"1s" max:"10m" doc:"The longest duration of one call."`
	MaxPause     time.Duration   `key:"max_pause" default:"(max_pause)" min:"1s" max:"15m" doc:"The longest pause that Roster makes because this source asks for it."`
	RateLimit    *rateLimitFile  `key:"rate_limit" default:"(the vendor's)" doc:"How often the source may be called."`
	Retries      int             `key:"retries" default:"2" min:"0" max:"10" doc:"How often Roster retries a failed call, if a retry may succeed. All retries together stay within about a fifth of the calls."`
	MaxBytes     int             `key:"max_bytes" default:"67108864" min:"65536" max:"1073741824" doc:"Bytes of one answer of the source, decompressed. Reading it takes up to three times as much memory."`
	MaxRatio     int             `key:"max_ratio" default:"200" min:"10" max:"2000" doc:"By which factor an answer of more than 1 MiB may grow when it is decompressed."`
	MaxRows      int             `key:"max_rows" default:"2000000" min:"1000" max:"100000000" doc:"Rows of a collection. A fetch with more rows fails, and the earlier data is served."`
	Collections  collectionsFile `key:"collections" default:"(all that the kind has)" doc:"Which collections to fetch, and how fresh. A collection that is set to false is not fetched."`

	Hooks *hooksFile `key:"hooks" default:"(none)" doc:"Where the source, or a program, reports that something has changed, so that Roster fetches it again: POST /hooks/NAME/SECRET, with the name of this source; see hooks.md."`

	PropagateTrace bool `key:"propagate_trace" default:"false" doc:"Sends the traceparent header with each call, so that the source's traces continue Roster's."`
}

type hooksFile struct {
	Secret         connectors.Secret `key:"secret" required:"yes" doc:"The end of the path: 32 to 256 letters, digits, - and _, chosen at random."`
	PreviousSecret connectors.Secret `key:"previous_secret" default:"(none)" doc:"The earlier secret. It is accepted too, while the source still sends it."`
	Token          connectors.Secret `key:"token" default:"(any body is accepted)" doc:"The token that the source puts into each body. Only the kind (tokens) has one."`
}

type rateLimitFile struct {
	Calls    int           `key:"calls" required:"yes" min:"1" max:"1000000" doc:"Calls in any period of this length: per."`
	Per      time.Duration `key:"per" required:"yes" min:"1ms" max:"1d" doc:"The length of the period."`
	Parallel int           `key:"parallel" default:"0" min:"0" max:"1000" doc:"Concurrent calls; 0 for no limit."`
}

// collectionsFile holds an entry for each collection to read.
type collectionsFile map[connectors.Collection]collectionFile

type collectionFile struct {
	FreshFor    time.Duration `key:"fresh_for" default:"5m" except:"accounts=1m" min:"1s" max:"30d" doc:"How long data counts as fresh. If the source's rate limit does not allow this, the time is longer, and the graph shows it."`
	KeepFor     time.Duration `key:"keep_for" default:"7d" min:"1m" max:"365d" doc:"How long data is served while the source cannot be fetched."`
	MinInterval time.Duration `key:"min_interval" default:"10s" min:"1s" max:"1d" doc:"The shortest time between two fetches, however many callers ask."`
	FullEvery   time.Duration `key:"full_every" default:"1h" min:"1m" max:"30d" doc:"For (incremental), which are fetched incrementally: how long after a full fetch the next full fetch begins. Deleted contacts disappear then. If the source's rate limit makes a full fetch long, the time is longer."`

	Guard collectionGuardFile `key:"guard" doc:"For this collection, instead of guard."`
}
