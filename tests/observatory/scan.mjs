// Prints MDN's verdict on one page, as JSON: node scan.mjs localhost:8443/keys [COOKIE]
import { existsSync, writeFileSync } from "node:fs";
import axios from "axios";
import { scan } from "@mdn/mdn-http-observatory";

// Its installer would download which hosts browsers know as https alone; ours is none of them.
const preloaded = new URL("node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json", import.meta.url);
if (!existsSync(preloaded)) writeFileSync(preloaded, "{}");

const [page, cookie] = process.argv.slice(2);
if (cookie) axios.defaults.headers.common.Cookie = cookie; // the scanner has no option for it
const { scan: verdict, tests } = await scan(page);
const points = Object.entries(tests).map(([name, { result, scoreModifier }]) => [name, scoreModifier, result]);
const { destination } = tests.redirection;
console.log(JSON.stringify({ ...verdict, destination, points }));
