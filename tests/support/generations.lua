-- For wrk: asks with an Origin while rules are replaced, and holds each answer to one of two generations as a whole.

local odd_set = "access-control-allow-methods: GET, PUT|access-control-allow-origin: https://app.example.com"
    .. "|access-control-expose-headers: ETag|access-control-max-age: 100|vary: Origin"
local even_set = "access-control-allow-methods: GET|access-control-allow-origin: *"
    .. "|access-control-expose-headers: Content-Length|access-control-max-age: 200"
local allow_headers = "access-control-allow-headers: x-asked|"
local generations = {
    ["200 actual " .. odd_set] = "odd",
    ["200 preflight " .. allow_headers .. odd_set] = "odd",
    ["200 actual " .. even_set] = "even",
    ["200 preflight " .. allow_headers .. even_set] = "even",
}

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init()
    odd, even, wrong, example = 0, 0, 0, ""
    local actual = wrk.format("GET", "/a.txt", { Origin = "https://app.example.com" })
    local preflight = wrk.format("OPTIONS", "/a.txt", {
        Origin = "https://app.example.com",
        ["Access-Control-Request-Method"] = "GET",
        ["Access-Control-Request-Headers"] = "x-asked",
    })
    requests = { actual, preflight }
    turn = 0
end

function request()
    turn = turn + 1
    return requests[turn % 2 + 1]
end

function response(status, headers, body)
    local lines = {}
    for name, value in pairs(headers) do
        if name == "vary" or name:find("access-control-", 1, true) == 1 then
            table.insert(lines, name .. ": " .. value)
        end
    end
    table.sort(lines)
    local kind = body == "a\n" and "actual" or "preflight"
    local answer = status .. " " .. kind .. " " .. table.concat(lines, "|")
    local generation = generations[answer]
    if generation == "odd" then
        odd = odd + 1
    elseif generation == "even" then
        even = even + 1
    else
        wrong = wrong + 1
        example = answer
    end
end

function done(summary)
    local odd, even, wrong, example = 0, 0, 0, ""
    for _, thread in ipairs(threads) do
        odd = odd + thread:get("odd")
        even = even + thread:get("even")
        wrong = wrong + thread:get("wrong")
        if thread:get("example") ~= "" then
            example = thread:get("example")
        end
    end
    local errors = summary.errors
    print(string.format("counted: odd %d, even %d, wrong %d, socket errors %d", odd, even, wrong,
        errors.connect + errors.read + errors.write + errors.timeout))
    print("statuses of 400 and over: " .. errors.status)
    print("a wrong answer: " .. example)
end
