package config

import (
	"time"

	"roster/connectors"
)

// The types below are the file, and the one place where a setting is named. The tags say:
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
// The settings of single kinds of sources are theirs, with the tags that connectors.Kind explains. A word in parentheses stands for what the kinds
// that are registered say.

type rootFile struct {
	Listen            string         `key:"listen" type:"host:port" default:"127.0.0.1:8080" doc:"Where to serve. Beyond loopback only with access.keys or access.oidc, and with tls or insecure_plaintext."`
	TLS               *tlsFile       `key:"tls" default:"(plaintext)" doc:"Serves HTTPS, with HTTP/2. The files are read again when they change."`
	InsecurePlaintext bool           `key:"insecure_plaintext" default:"false" doc:"Allows to listen beyond loopback without tls, as where something in front ends it: credentials and people's data then travel in clear."`
	Access            accessFile     `key:"access" doc:"Who may ask, and what. Without keys and oidc, whoever reaches the server may do everything."`
	IdleAfter         time.Duration  `key:"idle_after" default:"1h" min:"1m" max:"30d" doc:"How long after the last query the background reading of the sources goes on."`
	FirstWait         time.Duration  `key:"first_wait" default:"2s" min:"1ms" max:"1m" doc:"How long a query waits for data that has never been read, or is much too old."`
	MaxWait           time.Duration  `key:"max_wait" default:"5s" min:"1ms" max:"1m" doc:"How long a query that asks for newer data waits for it at most."`
	MaxPause          time.Duration  `key:"max_pause" default:"15m" min:"1s" max:"15m" doc:"How long a source is left alone at most because it says so (Retry-After). Where it blocks us, an hour."`
	DrainDelay        time.Duration  `key:"drain_delay" default:"5s" min:"0s" max:"5m" doc:"How long requests are still taken after the signal to stop, while /readyz fails and answers end their connections, so that a load balancer sends them elsewhere first."`
	SourceErrs        string         `key:"source_errors" oneof:"errors extensions" default:"extensions" doc:"Where an answer tells what sources lack: among its errors, or in extensions.sources only, since many clients throw away any answer with errors. The header X-Roster-Source-Errors chooses for one request."`
	Guard             guardFile      `key:"guard" doc:"What a complete reading may lack of the records that are known before it is believed."`
	Redis             *redisFile     `key:"redis" default:"(memory only)" doc:"Where replicas share what they have read. One that is away at the start, or goes away, costs no answer."`
	CacheDir          string         `key:"cache_dir" type:"path" default:"(none)" doc:"A directory to keep what has been read, for a start without waiting, where there is no redis. For one process only: a second one is refused. Relative to the configuration file."`
	CredentialsDir    string         `key:"credentials_dir" type:"path" default:"(redis, if it has an encryption_key and is durable)" doc:"A directory to keep the tokens of OAuth in, which are renewed. Replicas may share it, where its file system knows locks. Relative to the configuration file."`
	Writes            writesFile     `key:"writes" doc:"How sources are changed, and what is remembered of that; see writing.md."`
	Identity          identityFile   `key:"identity" doc:"Who is one person, where addresses do not tell."`
	Precedence        precedenceFile `key:"precedence" doc:"For a person's single fields, the sources whose value is preferred, first to last. Sources that are not named follow in the order of the file."`
	Admin             adminFile      `key:"admin" doc:"What the operator asks."`
	Log               logFile        `key:"log" doc:"The log."`
	Tracing           tracingFile    `key:"tracing" doc:"OpenTelemetry traces."`
	Introspection     bool           `key:"introspection" default:"false" doc:"Lets clients ask for the schema. Without it the playground has no documentation and no completion; roster schema prints the schema. Always on in the demo."`
	Federation        federationFile `key:"federation" doc:"How the graph is presented to a federation router; see federation.md."`
	Limits            Limits         `key:"limits" doc:"How much may be asked. What is refused because of one of these is told its name and its number."`
	TrustedDocuments  *trustedFile   `key:"trusted_documents" default:"(all documents run)" doc:"Lets registered documents run only."`
	PersistedQueries  bool           `key:"persisted_queries" default:"true" doc:"Lets clients send the hash of a document that any client has sent before, in its place (automatic persisted queries). Off where trusted_documents are enforced."`
	CORS              corsFile       `key:"cors" doc:"Which pages may use the graph."`
	Sources           []sourceFile   `key:"sources" required:"yes" doc:"The systems to read, in the order in which their values are preferred. At least one."`
}

type guardFile struct {
	MaxLoss     string        `key:"max_loss" type:"percentage" default:"30%" doc:"A reading that lacks more of a collection's known records, and at least 20, is held back: the known ones are served as stale. 100% holds nothing back."`
	AcceptAfter time.Duration `key:"accept_after" default:"1d" min:"1m" max:"30d" doc:"How long such a reading is held back, from the first of its kind. refreshSource with acceptLoss takes it over at once."`
}

type collectionGuardFile struct {
	MaxLoss     string        `key:"max_loss" type:"percentage" default:"(guard.max_loss)" doc:"For this collection."`
	AcceptAfter time.Duration `key:"accept_after" default:"(guard.accept_after)" min:"1m" max:"30d" doc:"For this collection."`
}

type tlsFile struct {
	CertFile     string `key:"cert_file" type:"path" required:"yes" doc:"The server's certificate in PEM, and behind it those up to the authority. Relative to the configuration file, like the next two."`
	KeyFile      string `key:"key_file" type:"path" required:"yes" doc:"Its key in PEM."`
	ClientCAFile string `key:"client_ca_file" type:"path" default:"(clients need no certificate)" doc:"The authorities one of which must have signed a client's certificate."`
}

type federationFile struct {
	Prefix             string `key:"prefix" default:"(none)" doc:"Begins the names of all types but scalars, and in lower case those of root fields, for a graph in which Role, node or viewer are taken: with Roster they are RosterRole and rosterNode. All clients then use these names."`
	SecurityDirectives string `key:"security_directives" oneof:"auto include omit" default:"auto" doc:"Whether the schema of the subgraph has @requiresScopes: include, omit, or auto for where a key or oidc has router: true. omit is refused there."`
}

type trustedFile struct {
	File string `key:"file" type:"path" required:"yes" doc:"The manifest: Apollo's, or a JSON object with documents by their IDs. Relative to the configuration file."`
	Mode string `key:"mode" oneof:"enforce warn" default:"enforce" doc:"Whether other documents are refused, or run and are told to the log."`
}

// Limits bound what may be asked of the server.
type Limits struct {
	BodyBytes          int           `key:"body_bytes" default:"1048576" min:"1024" max:"67108864" doc:"Length of a request's body, as it is sent and when it is decompressed, or of a message of a WebSocket."`
	HeaderBytes        int           `key:"header_bytes" default:"65536" min:"4096" max:"1048576" doc:"Length of a request's headers, its address included."`
	Tokens             int           `key:"tokens" default:"5000" min:"10" max:"1000000" doc:"Words and signs of a document."`
	Depth              int           `key:"depth" default:"12" min:"1" max:"500" doc:"Levels of fields in each other."`
	Fields             int           `key:"fields" default:"2000" min:"1" max:"1000000" doc:"Fields of a document, with its fragments put in where they are used."`
	Aliases            int           `key:"aliases" default:"200" min:"0" max:"1000000" doc:"Fields under another name."`
	Directives         int           `key:"directives" default:"200" min:"0" max:"1000000" doc:"Directives of a document."`
	RootFields         int           `key:"root_fields" default:"100" min:"1" max:"1000000" doc:"Fields of an operation itself."`
	Fragments          int           `key:"fragments" default:"200" min:"0" max:"100000" doc:"Named fragments of a document."`
	Pairs              int           `key:"pairs" default:"20000" min:"0" max:"10000000" doc:"Pairs of fields under one name in one place, since each pair has to be compared: a field that is written 200 times makes 19900."`
	Cost               int           `key:"cost" default:"500000" min:"1" max:"2000000000" doc:"What an operation may cost, worked out before it runs: 1 for each value of the largest answer that it can have by the data there is and for each item of a list that it gives, and more where @cost in the schema says so. It bounds the number of values in an answer."`
	VariablesBytes     int           `key:"variables_bytes" default:"524288" min:"16" max:"67108864" doc:"Length of the variables."`
	VariablesDepth     int           `key:"variables_depth" default:"16" min:"1" max:"1000" doc:"Levels of lists and objects in each other in a variable."`
	ListItems          int           `key:"list_items" default:"5000" min:"0" max:"10000000" doc:"Items of the lists that a document and its variables hold, all together, those of lists in lists too."`
	Errors             int           `key:"errors" default:"100" min:"1" max:"100000" doc:"Errors shown in one answer, of 640 bytes each on average. The rest is counted in one more."`
	AnswerBytes        int           `key:"answer_bytes" default:"33554432" min:"1024" max:"1073741824" doc:"Length of an answer's data. What is longer is not sent."`
	PendingAnswerBytes int           `key:"pending_answer_bytes" default:"268435456" min:"1024" max:"17179869184" doc:"Length of all answers together that are being made or wait for their clients to read them, and of their requests, four times; each counts 16 KiB at least. No less than answer_bytes."`
	OperationTime      time.Duration `key:"operation_time" default:"15s" min:"100ms" max:"10m" doc:"How long an operation may take."`
	Operations         int           `key:"operations" default:"256" min:"1" max:"100000" doc:"Operations at a time, of all callers together."`
	CallerOperations   int           `key:"caller_operations" default:"64" min:"1" max:"100000" doc:"Operations at a time of one caller; where it is left out, no more than caller_share of operations. Who has no name is known by their address, of IPv6 by the first 64 bits."`
	RunningCost        int           `key:"running_cost" default:"2000000" min:"1" max:"1000000000" doc:"What the operations that run at a time may cost together. One that is alone runs whatever it costs."`
	CallerShare        int           `key:"caller_share" default:"25" min:"1" max:"100" doc:"How much one caller may hold at a time of what callers share, in percent: of running_cost, pending_answer_bytes, streams, and the 32 bodies of more than 64 KiB that are read at a time. One operation that a caller runs alone may cost up to cost, and one answer have answer_bytes, whatever the share."`
	Requests           int           `key:"requests" default:"6000" min:"0" max:"100000000" doc:"Requests of one caller in requests_per, evenly coming back; 0 for no bound. Replicas count together where there is redis."`
	RequestsPer        time.Duration `key:"requests_per" default:"1m" min:"1s" max:"1d" doc:"The period of requests."`
	Connections        int           `key:"connections" default:"2000" min:"1" max:"1000000" doc:"Open connections. One too many is closed at once, as is one too many of an address."`
	AddressConnections int           `key:"address_connections" default:"200" min:"1" max:"1000000" doc:"Open connections from one address."`
	HeaderTime         time.Duration `key:"header_time" default:"5s" min:"100ms" max:"10m" doc:"How long a request's headers may take to come."`
	BodyTime           time.Duration `key:"body_time" default:"15s" min:"100ms" max:"1h" doc:"How long a whole request, or a message of a WebSocket, may take to come."`
	AnswerTime         time.Duration `key:"answer_time" default:"1m" min:"1s" max:"1h" doc:"How long a client may take to send a request and take its answer."`
	IdleTime           time.Duration `key:"idle_time" default:"2m" min:"1s" max:"1h" doc:"How long a connection is kept for another request."`
	MinRate            int           `key:"min_rate" default:"4096" min:"0" max:"1073741824" doc:"Bytes in a second that a client has to send of a request's body or of a message, and to take of an answer, while the server waits for it. A slower one is dropped, whatever time is left; 0 for no bound."`
	MinRateGrace       time.Duration `key:"min_rate_grace" default:"5s" min:"100ms" max:"1h" doc:"By how much a client may be late by min_rate. A reader may be late by another 32 KiB, since clients say in steps what they have taken."`
	StreamOperations   int           `key:"stream_operations" default:"50" min:"1" max:"10000" doc:"Operations at a time on one WebSocket."`
	StreamIdle         time.Duration `key:"stream_idle" default:"1h" min:"1s" max:"30d" doc:"How long a WebSocket is kept on which no operation runs."`
	Streams            int           `key:"streams" default:"1000" min:"1" max:"1000000" doc:"Open streams at a time, of all callers together: WebSockets, and each subscription."`
	FetchBytes         int           `key:"fetch_bytes" default:"134217728" min:"1048576" max:"17179869184" doc:"Length of the sources' answers that are read at a time, all together. One of more than 1 MiB counts with its source's max_bytes until its rows have been read, and waits for others."`
}

type corsFile struct {
	Origins []string `key:"origins" type:"list of origins" default:"(none)" doc:"Origins whose pages may use the graph from a browser, beside the server's own: https://people.example.com. Each is written out; there is no wildcard."`
}

type accessFile struct {
	Keys       []keyFile      `key:"keys" default:"(none)" doc:"API keys, each with a name and scopes. To replace one, add the new one, and remove the old one when nobody uses it."`
	OIDC       *oidcFile      `key:"oidc" default:"(none)" doc:"Whose tokens (JWT) are taken."`
	Anonymous  *anonymousFile `key:"anonymous" default:"(none)" doc:"Lets callers in who show no credentials."`
	Hosts      []string       `key:"hosts" default:"(loopback without keys and oidc, or with anonymous: localhost and loopback addresses; else any)" doc:"The names or addresses by which the server may be asked for, without a port. Requests for others are refused, but for /healthz and /readyz."`
	Log        string         `key:"log" type:"off, stderr or path" default:"off" doc:"Where to write down who read or changed what: one line an answer, without values. Relative to the configuration file."`
	LogFailure string         `key:"log_failure" oneof:"continue refuse" default:"continue" doc:"What holds while access.log cannot be written: continue answers, counts the missing entries and has a metric tell; refuse answers operations with HTTP 503 and fails /readyz."`
}

type keyFile struct {
	Name   string            `key:"name" required:"yes" doc:"Whose it is: viewer and the log call the caller so. Unique."`
	Hash   string            `key:"hash" required:"yes" type:"sha256:…" doc:"What roster key prints beside the key."`
	Scopes []string          `key:"scopes" required:"yes" type:"list of scopes" oneof:"directory:read directory:sensitive directory:write directory:admin directory:schema" doc:"What the caller may do: directory:read, directory:sensitive, directory:write, directory:admin, directory:schema. None includes another."`
	Router bool              `key:"router" default:"false" doc:"Says that a federation router uses the key, and checks for its own callers who may see what, by the @requiresScopes of the subgraph's schema. Gives directory:schema too."`
	Limits *callerLimitsFile `key:"limits" default:"(those of everybody)" doc:"What its caller may ask, in the place of what limits say. A router asks for many."`
}

// callerLimitsFile are limits that a credential can have of its own.
type callerLimitsFile struct {
	BodyBytes        int `key:"body_bytes" default:"(as in limits)" min:"1024" max:"67108864" doc:"Length of a request's body."`
	VariablesBytes   int `key:"variables_bytes" default:"(as in limits)" min:"16" max:"67108864" doc:"Length of the variables; no longer than body_bytes."`
	AnswerBytes      int `key:"answer_bytes" default:"(as in limits)" min:"1024" max:"1073741824" doc:"Length of an answer's data."`
	ListItems        int `key:"list_items" default:"(as in limits)" min:"1" max:"10000000" doc:"Items of lists."`
	Cost             int `key:"cost" default:"(as in limits)" min:"1" max:"2000000000" doc:"What an operation may cost."`
	CallerOperations int `key:"caller_operations" default:"(as in limits)" min:"1" max:"100000" doc:"Operations at a time; no more than limits.operations."`
	CallerShare      int `key:"caller_share" default:"(as in limits)" min:"1" max:"100" doc:"How much of what callers share, in percent."`
	Requests         int `key:"requests" default:"(as in limits)" min:"1" max:"100000000" doc:"Requests in limits.requests_per."`
}

type oidcFile struct {
	Issuer     string            `key:"issuer" required:"yes" type:"URL" doc:"Required in oidc. The iss of its tokens, to the last slash."`
	Audience   string            `key:"audience" required:"yes" doc:"Required in oidc. What must be in the aud of a token."`
	JWKSURL    string            `key:"jwks_url" type:"URL" default:"(as the issuer says)" doc:"Where the issuer's keys are."`
	Algorithms []string          `key:"algorithms" type:"list" default:"(RS256, ES256)" oneof:"RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA" doc:"The signatures that count: of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA."`
	ScopeClaim string            `key:"scope_claim" default:"(scope and scp)" doc:"The claim with the scopes: a list, or a text with spaces between. A dot leads into a claim, as in realm_access.roles."`
	EmailClaim string            `key:"email_claim" default:"email" doc:"The claim with the caller's address. It counts only where email_verified is true; name another than email only where that is said of it too."`
	TokenUse   string            `key:"token_use" default:"access" doc:"What the claim token_use must say, in a token that has it. Amazon Cognito's access tokens have no aud: there, set id and let clients send ID tokens. ID tokens without this claim are refused in any case."`
	ClockSkew  time.Duration     `key:"clock_skew" default:"30s" min:"1ms" max:"5m" doc:"How far the issuer's clock may be from this one."`
	Router     bool              `key:"router" default:"false" doc:"Says that its tokens are a federation router's own, as router of a key does."`
	Limits     *callerLimitsFile `key:"limits" default:"(those of everybody)" doc:"What each caller with its tokens may ask, in the place of what limits say."`
	Grants     []grantFile       `key:"grants" default:"(none)" doc:"Scopes for those who have a value in a claim, such as a group."`
}

type grantFile struct {
	Claim  string   `key:"claim" required:"yes" doc:"Such as groups."`
	Value  string   `key:"value" required:"yes" doc:"Such as hr."`
	Scopes []string `key:"scopes" required:"yes" type:"list of scopes" oneof:"directory:read directory:sensitive directory:write directory:admin directory:schema" doc:"What they may do."`
}

type anonymousFile struct {
	Scopes []string `key:"scopes" required:"yes" type:"list of scopes" oneof:"directory:read directory:sensitive directory:write directory:admin directory:schema" doc:"Required in anonymous. What they may do."`
}

type writesFile struct {
	Dir         string        `key:"dir" type:"path" default:"(memory, or redis)" doc:"A directory to remember idempotency keys in, and calls that nobody knows the end of, where there is no redis. For one process only: a second one is refused. Relative to the configuration file."`
	SettleAfter time.Duration `key:"settle_after" default:"5s" min:"100ms" max:"10m" doc:"How long after a call without an answer a source's lists are believed that do not show what was to be made."`
	ShowFor     time.Duration `key:"show_for" default:"10m" min:"1s" max:"1d" doc:"How long what was made is shown although its source's own list does not have it."`
	AuditValues bool          `key:"audit_values" default:"false" doc:"Puts what was written into the line that the log has of each write."`
}

type redisFile struct {
	URL              string            `key:"url" type:"URL" default:"(none)" doc:"A single server: redis://host:6379/0, or rediss:// for TLS. Either url or addrs is required in redis."`
	Addrs            []string          `key:"addrs" type:"list of host:port" default:"(none)" doc:"Nodes of a Cluster, or with master_name Sentinels."`
	MasterName       string            `key:"master_name" default:"(none)" doc:"What the Sentinels call the master."`
	Username         string            `key:"username" default:"(the default user)" doc:"The user of Redis's access lists. What rights it needs is said in docs/replicas.md."`
	Password         connectors.Secret `key:"password" default:"(none)" doc:"That user's password."`
	SentinelUsername string            `key:"sentinel_username" default:"(the default user)" doc:"The user to ask the Sentinels as."`
	SentinelPassword connectors.Secret `key:"sentinel_password" default:"(none)" doc:"That user's password."`
	TLS              *redisTLSFile     `key:"tls" default:"(off, but for rediss://)" doc:"Switches TLS on, if only as {}."`
	Prefix           string            `key:"prefix" default:"roster:" doc:"Begins every key."`
	EncryptionKey    connectors.Secret `key:"encryption_key" default:"(not encrypted)" doc:"32 bytes in hexadecimal digits or base64: what is stored is encrypted by AES-256-GCM. With another key, it is read anew."`
	PoolSize         int               `key:"pool_size" default:"(10 for each processor)" min:"1" max:"10000" doc:"Connections at most, to each node."`
	DialTimeout      time.Duration     `key:"dial_timeout" default:"1s" min:"10ms" max:"1m" doc:"How long connecting may take."`
	ReadTimeout      time.Duration     `key:"read_timeout" default:"3s" min:"10ms" max:"1m" doc:"How long an answer may take."`
	WriteTimeout     time.Duration     `key:"write_timeout" default:"3s" min:"10ms" max:"1m" doc:"How long sending may take."`
}

type redisTLSFile struct {
	CAFile     string `key:"ca_file" type:"path" default:"(the system's authorities)" doc:"The authorities to trust, in PEM. Relative to the configuration file, like the next two."`
	CertFile   string `key:"cert_file" type:"path" default:"(none)" doc:"A certificate to show, in PEM."`
	KeyFile    string `key:"key_file" type:"path" default:"(none)" doc:"Its key."`
	ServerName string `key:"server_name" default:"(the host's)" doc:"The name that must stand in the server's certificate."`
}

type identityFile struct {
	Link            [][]string `key:"link" type:"list of lists of source/id" default:"(none)" doc:"Accounts that are one person, each list at least two: [[projects/3993, chat/pW4kTzq8]]."`
	Split           [][]string `key:"split" type:"list of lists of source/id" default:"(none)" doc:"Accounts that are different people although they share an address, each list at least two."`
	SharedMailboxes []string   `key:"shared_mailboxes" default:"(info, sales, support and the like)" doc:"The parts before the @ of addresses that join nobody. Replaces the usual ones."`
}

type precedenceFile struct {
	Name       []string `key:"name" type:"list of sources" default:"(as in sources)" doc:"Full name."`
	FirstName  []string `key:"first_name" type:"list of sources" default:"(as in sources)" doc:"First name."`
	LastName   []string `key:"last_name" type:"list of sources" default:"(as in sources)" doc:"Last name."`
	Title      []string `key:"title" type:"list of sources" default:"(as in sources)" doc:"Position in the company."`
	Department []string `key:"department" type:"list of sources" default:"(as in sources)" doc:"Organisational unit."`
	Email      []string `key:"email" type:"list of sources" default:"(as in sources)" doc:"The address they are known by, among those that a source vouches for."`
	Phones     []string `key:"phones" type:"list of sources" default:"(as in sources)" doc:"Phone numbers."`
	Addresses  []string `key:"addresses" type:"list of sources" default:"(as in sources)" doc:"Postal addresses."`
	AvatarURL  []string `key:"avatar_url" type:"list of sources" default:"(as in sources)" doc:"Picture."`
	Locale     []string `key:"locale" type:"list of sources" default:"(as in sources)" doc:"Language."`
}

type sourceFile struct {
	Name string `key:"name" required:"yes" doc:"What queries and answers call it: lower-case letters, digits and hyphens, at most 63. Unique."`
	Kind string `key:"kind" required:"yes" oneof:"(kinds)" doc:"The vendor."`
	URL  string `key:"url" type:"URL" required:"(kinds)" doc:"Where it is. A path is kept as a prefix."`

	// Settings are the kind's own, see connectors.Kind.Settings; nil where the kind is not known, or has none.
	Settings any `kind:"yes"`

	InsecureHTTP bool            `key:"insecure_http" default:"false" doc:"Allows a url with http:// to another machine: the credential then travels in clear."`
	EmailTrust   string          `key:"email_trust" oneof:"verified asserted none" default:"asserted" except:"(kinds)" doc:"Which addresses the source vouches for: those it has checked, all of them since an administrator entered them, or none."`
	TimeZone     string          `key:"time_zone" type:"IANA time zone" default:"UTC" doc:"For dates that name none."`
	PhoneRegion  string          `key:"phone_region" type:"ISO 3166 code" default:"(international numbers only)" doc:"The country of numbers without a country code, such as UA."`
	Timeout      time.Duration   `key:"timeout" default:"(the vendor's)" min:"1s" max:"10m" doc:"How long one call may take."`
	MaxPause     time.Duration   `key:"max_pause" default:"(max_pause)" min:"1s" max:"15m" doc:"How long this source is left alone at most because it says so."`
	RateLimit    *rateLimitFile  `key:"rate_limit" default:"(the vendor's)" doc:"How often the source may be called."`
	Retries      int             `key:"retries" default:"2" min:"0" max:"10" doc:"How often a call is repeated at most that has failed and may fare better. All repetitions together stay within a fifth of the calls and a few."`
	MaxBytes     int             `key:"max_bytes" default:"67108864" min:"65536" max:"1073741824" doc:"Length of one answer of the source, decompressed. Three times as much memory is needed to read it."`
	MaxRatio     int             `key:"max_ratio" default:"200" min:"10" max:"2000" doc:"How many times as long an answer of more than 1 MiB may be as what is sent of it, compressed."`
	MaxRows      int             `key:"max_rows" default:"2000000" min:"1000" max:"100000000" doc:"Rows of a collection. A reading that finds more of them fails, and what has been read before is served."`
	Collections  collectionsFile `key:"collections" default:"(all that the kind has)" doc:"What to read, and how fresh. A collection set to false is not read."`

	PropagateTrace bool `key:"propagate_trace" default:"false" doc:"Sends the traceparent header with each call, so that the source's own traces join ours."`
}

type rateLimitFile struct {
	Calls    int           `key:"calls" required:"yes" min:"1" max:"1000000" doc:"Calls in any period of the length of per."`
	Per      time.Duration `key:"per" required:"yes" min:"1ms" max:"1d" doc:"The length of that period."`
	Parallel int           `key:"parallel" default:"0" min:"0" max:"1000" doc:"Calls at a time; 0 for no bound."`
}

// collectionsFile holds an entry for each collection to read.
type collectionsFile map[connectors.Collection]collectionFile

type collectionFile struct {
	FreshFor    time.Duration `key:"fresh_for" default:"5m" except:"accounts=1m" min:"1s" max:"30d" doc:"How long data counts as fresh. Where the source's limits do not allow that, the time is longer, and shown in the graph."`
	KeepFor     time.Duration `key:"keep_for" default:"7d" min:"1m" max:"365d" doc:"How long data is served while the source cannot be read."`
	MinInterval time.Duration `key:"min_interval" default:"10s" min:"1s" max:"1d" doc:"The least time between two readings, whoever asks."`
	FullEvery   time.Duration `key:"full_every" default:"1h" min:"1m" max:"30d" doc:"For (incremental), which are mostly asked only for what has changed: how long after a reading of everything the next one comes. Deleted contacts vanish with it. Where the source's limits make it take long, the time is longer."`

	Guard collectionGuardFile `key:"guard" doc:"In the place of the guard for all collections."`
}
