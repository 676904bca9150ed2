// A function as it runs on Lambda.
'use strict';

exports.handler = async (event) => ({ statusCode: 200, body: String(event.receipt) });
