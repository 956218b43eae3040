// Verifies what Vägvisare says of a caller (header Vagvisare-Assertion) with its published keys, by the JDK alone (11 or later).
//
//   java Verify.java https://GATEWAY API_ID ASSERTION     prints what was signed; exit 1 when it is not to be believed
//
// What was signed names the caller (client, organisation, agreement, scope) and the person; act, where it is there, who acts for them.
// With a JSON or JOSE library at hand, use that for the parsing; the checks are these.
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class Verify {
    static final int LEEWAY = 5;

    public static void main(String[] arguments) throws Exception {
        try {
            System.out.println(verify(arguments[0], arguments[1], arguments[2], keys(arguments[0])));
        } catch (IllegalArgumentException | java.security.GeneralSecurityException error) {
            System.err.println("not believed: " + error.getMessage());
            System.exit(1);
        }
    }

    /** The published keys. Keep them for some minutes, and fetch again when a key is not among them. */
    static String keys(String issuer) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(issuer + "/.well-known/jwks.json")).build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    }

    static String verify(String issuer, String api, String assertion, String keys) throws Exception {
        String[] parts = assertion.split("\\.", -1);
        check(parts.length == 3, "it is not signed");
        String header = decode(parts[0]);
        check("vagvisare-assertion+jwt".equals(text(header, "typ")) && "ES256".equals(text(header, "alg")), "it is no assertion");
        check(!header.contains("\"crit\""), "it asks for something that is not known");
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initVerify(key(keys, text(header, "kid")));
        signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        check(signature.verify(Base64.getUrlDecoder().decode(parts[2])), "the signature is wrong");
        String claims = decode(parts[1]);
        check(issuer.equals(text(claims, "iss")) && api.equals(text(claims, "aud")), "it is another gateway's, or for another API");
        long now = Instant.now().getEpochSecond();
        check(number(claims, "iat") <= now + LEEWAY && now < number(claims, "exp") + LEEWAY, "its time is not now");
        return claims;
    }

    static PublicKey key(String keys, String id) throws Exception {
        Matcher each = Pattern.compile("\\{[^{}]*\\}").matcher(keys);
        while (each.find()) {
            String key = each.group();
            if (id != null && id.equals(text(key, "kid")) && "P-256".equals(text(key, "crv"))) {
                AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
                curve.init(new ECGenParameterSpec("secp256r1"));
                ECPoint point = new ECPoint(coordinate(key, "x"), coordinate(key, "y"));
                ECParameterSpec parameters = curve.getParameterSpec(ECParameterSpec.class);
                return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, parameters));
            }
        }
        throw new IllegalArgumentException("its key is not among those published");
    }

    static BigInteger coordinate(String key, String name) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(text(key, name)));
    }

    static String decode(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8);
    }

    static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"\\\\]*)\"").matcher(json);
        return found.find() ? found.group(1) : null;
    }

    static long number(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*(\\d+)").matcher(json);
        check(found.find(), name + " is missing");
        return Long.parseLong(found.group(1));
    }

    static void check(boolean holds, String why) {
        if (!holds) {
            throw new IllegalArgumentException(why);
        }
    }
}
