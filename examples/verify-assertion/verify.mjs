// Verifies what Vägvisare says of a caller (header Vagvisare-Assertion) with its published keys.
//
//   npm install jose
//   node verify.mjs https://GATEWAY API_ID ASSERTION     prints what was signed; exit 1 when it is not to be believed
import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, audience, assertion] = process.argv.slice(2);
// Keep it for the life of the process: it fetches again when a new key appears.
const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", issuer));
try {
  const { payload } = await jwtVerify(assertion, keys, {
    issuer, audience, typ: "vagvisare-assertion+jwt", algorithms: ["ES256"], clockTolerance: 5, requiredClaims: ["iat", "exp"],
  });
  // payload.person is whom it is about; payload.act, where it is there, who acts for them ({ sub, relation }).
  console.log(JSON.stringify(payload));
} catch (error) {
  console.error(`not believed: ${error.message}`);
  process.exit(1);
}
