-- wrk's requests for the bench of inkan-ocsp: one or many certificates, by GET
-- or POST, from a responder or from files. What comes from the environment:
-- OCSP_DIR (of bench/ocspset), OCSP_METHOD, OCSP_N (1: always the same),
-- OCSP_FILES (not empty: the answers are files).
local dir, method = os.getenv("OCSP_DIR"), os.getenv("OCSP_METHOD")
local n = tonumber(os.getenv("OCSP_N"))
local files = (os.getenv("OCSP_FILES") or "") ~= ""

local function read(name)
	local f = assert(io.open(dir .. "/" .. name, "rb"))
	local s = f:read("*a")
	f:close()
	return s
end
local prefix, prefix64 = read("prefix"), read("prefix64")
local abc = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function last64(i)
	local s = ""
	for _ = 1, 4 do
		local d = i % 64
		s = abc:sub(d + 1, d + 1) .. s
		i = (i - d) / 64
	end
	return s
end

local post = " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/ocsp-request\r\n" ..
    "Content-Length: " .. #prefix + 3 .. "\r\n\r\n" .. prefix
local get = " HTTP/1.1\r\nHost: bench\r\n\r\n"

local function make(i)
	local a, b, c = math.floor(i / 65536), math.floor(i / 256) % 256, i % 256
	local path = "/"
	if files then
		path = string.format("/%02x/%02x/%02x", a, b, c)
	elseif method == "GET" then
		path = "/" .. prefix64 .. last64(i)
	end
	if method == "GET" then return "GET " .. path .. get end
	return "POST " .. path .. post .. string.char(a, b, c)
end

function init() math.randomseed(os.time()) end
local hot = make(1)
function request()
	if n == 1 then return hot end
	return make(math.random(0, n - 1))
end

-- requests, microseconds of the 99th percentile, requests/s, what went wrong
function done(summary, latency)
	local e = summary.errors
	io.write(string.format("RESULT %d %d %.0f %d\n", summary.requests,
	    latency:percentile(99), summary.requests / summary.duration * 1e6,
	    e.connect + e.read + e.write + e.status + e.timeout))
end
