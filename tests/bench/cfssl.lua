-- wrk: one CSR, signed again and again. $CSR is its PEM with \n for line ends.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"certificate_request":"' .. os.getenv("CSR") .. '"}'
