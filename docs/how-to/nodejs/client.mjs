// Sends and receives over the axis with nothing but the .proto files and a client certificate.
//
//   node client.mjs PROTO_FOLDER PROFILE_FOLDER send FILE RECIPIENT_CODE
//   node client.mjs PROTO_FOLDER PROFILE_FOLDER accept REGISTER_NUMBER [FROM_INDEX]
//
// Prints one JSON object. PROTO_FOLDER is proto/src of this repository.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import protobuf from "protobufjs";

const [protoFolder, profileFolder, action, ...rest] = process.argv.slice(2);
const MANIFEST = "application/vnd.lienthong.manifest.v1+protobuf";
const STATEMENT = "application/vnd.lienthong.statement.v1+protobuf";
const CHUNK = 256 * 1024;
const HASHES = {
  SIGNATURE_ALGORITHM_ECDSA_P256_SHA256: "sha256",
  SIGNATURE_ALGORITHM_ECDSA_P384_SHA384: "sha384",
  SIGNATURE_ALGORITHM_RSA_PKCS1_SHA256: "sha256",
  SIGNATURE_ALGORITHM_RSA_PKCS1_SHA384: "sha384",
  SIGNATURE_ALGORITHM_ED25519: null,
};
const OPTIONS = { longs: String, enums: String, bytes: Buffer, defaults: true };

const profile = readProfile();
const types = loadTypes();
const services = loadServices();
const credentials = grpc.credentials.createSsl(
  read("ca.pem"), read("transport.key"), read("transport.pem"));
const exchange = new services.Exchange(profile.endpoint, credentials);

const outcome = action === "send" ? await send(...rest) : await accept(...rest);
console.log(JSON.stringify(outcome));
exchange.close();

// ---------------------------------------------------------------- send

async function send(file, recipient) {
  const content = fs.readFileSync(file);
  const packageId = uuid7();
  const manifest = {
    packageId,
    kind: "PACKAGE_KIND_NEW",
    audience: profile.axis,
    sender: profile.organ,
    recipients: [{ organId: recipient, role: "RECIPIENT_ROLE_MAIN" }],
    createdAt: now(),
    files: [{
      name: path.basename(file),
      mediaType: "application/pdf",
      size: content.length,
      sha256: sha256(content),
      role: "MAIN",
      attachmentKind: "NORMAL",
    }],
    document: {
      issuerCode: profile.organ,
      issuerName: "UBND tỉnh Tây Ninh",
      codeNumber: "07",
      codeNotation: "2026/QĐ-UBND",
      issuedDate: today(),
      kind: "QUYET_DINH",
      subject: "Văn bản gửi từ Node.js",
      language: "Tiếng Việt",
      signer: { fullName: "Chủ tịch", position: "Chủ tịch UBND tỉnh", authority: "DIRECT" },
      urgency: "THUONG",
      secrecy: "NONE",
      circulation: "NONE",
      origin: "BORN_DIGITAL",
      copyForm: "ORIGINAL",
      steeringType: "KHONG_CHI_DAO",
      issueForm: "E_ONLY",
    },
  };
  const travelsInside = content.length <= CHUNK;
  if (!travelsInside) await upload(content);
  const envelope = seal(MANIFEST, encode("Manifest", manifest));
  const submission = { tag: 1, envelope, inlineFiles: travelsInside ? [content] : [] };
  const [result] = (await oneAnswer(exchange.Submit(), { submissions: [submission] })).results;
  return { packageId: packageId.toString("hex"), index: receiptIndex(result) };
}

async function upload(content) {
  const begun = await ask("BeginUpload", { sha256: sha256(content), size: content.length });
  if (begun.complete) return;
  await new Promise((resolve, reject) => {
    const call = exchange.Upload((error) => (error ? reject(error) : resolve()));
    let uploadId = begun.uploadId;
    let offset = Number(begun.offset);
    const more = () => {
      while (offset < content.length) {
        const chunk = content.subarray(offset, offset + CHUNK);
        const hasRoom = call.write({ uploadId, offset, chunk });
        uploadId = "";
        offset += chunk.length;
        if (!hasRoom) return call.once("drain", more);
      }
      call.end();
    };
    more();
  });
}

// ------------------------------------------------- receive and accept

async function accept(registerNumber) {
  const cursorFile = path.join(profileFolder, "cursor");
  const cursor = fs.existsSync(cursorFile) ? Number(fs.readFileSync(cursorFile)) : 0;
  for (const item of await readFeed(cursor)) {
    const entry = decode("JournalEntry", item.receipt.entry);
    if (!entry.package || !entry.package.recipients.includes(profile.organ)) continue;
    const manifest = openManifest(item.envelope, entry.package);
    const contents = await Promise.all(
      manifest.files.map((file) => contentOf(item, manifest.packageId, file)));
    const intact = contents.every((content, number) =>
      sha256(content).equals(manifest.files[number].sha256));
    if (!intact) throw new Error("a file is not the one that was signed");
    const accepted = report(manifest, "DELIVERY_EVENT_ACCEPT", {
      register: { number: registerNumber, date: today() },
      check: { complete: true, intact, authentic: true, checkedAt: now(), checker: "client.mjs" },
    });
    const [result] = (await oneAnswer(exchange.Report(), { items: [accepted] })).results;
    const index = receiptIndex(result);
    // Only now: whoever crashes before sees the package again, and may report the same again.
    fs.writeFileSync(cursorFile, String(Number(entry.index) + 1));
    return {
      subject: manifest.document.subject,
      packageId: manifest.packageId.toString("hex"),
      sizes: contents.map((content) => content.length),
      index,
    };
  }
  throw new Error("nothing to accept in the feed");
}

function report(manifest, event, more = {}) {
  const statement = {
    statementId: uuid7(),
    audience: profile.axis,
    packageId: manifest.packageId,
    recipient: profile.organ,
    reporter: profile.organ,
    event,
    createdAt: now(),
    ...more,
  };
  return { tag: 1, envelope: seal(STATEMENT, encode("Statement", statement)) };
}

async function readFeed(fromIndex) {
  const pages = await allAnswers(exchange.Subscribe({ fromIndex, inlineLimit: CHUNK }));
  return pages.flatMap((page) => page.items);
}

async function contentOf(item, packageId, file) {
  const inside = item.inlineFiles.find((content) => sha256(content).equals(file.sha256));
  if (inside) return inside;
  const pieces = await allAnswers(exchange.Download({ packageId, sha256: file.sha256 }));
  return Buffer.concat(pieces.map((piece) => piece.chunk));
}

function openManifest(envelope, entry) {
  const [signature] = envelope.signatures;
  const certificate = new crypto.X509Certificate(signature.chain[0]);
  const authority = new crypto.X509Certificate(read("anchors.pem"));
  const message = preAuthenticationEncoding(envelope.payloadType, envelope.payload);
  const genuine = envelope.payloadType === MANIFEST
    && sha256(envelope.payload).equals(entry.payloadSha256)
    && certificate.verify(authority.publicKey)
    && crypto.verify(HASHES[signature.algorithm], message, certificate.publicKey, signature.value);
  if (!genuine) throw new Error("the package is not authentic");
  return decode("Manifest", envelope.payload);
}

// -------------------------------------------------- signing and bytes

function seal(payloadType, payload) {
  const message = preAuthenticationEncoding(payloadType, payload);
  const value = crypto.sign("sha256", message, read("signing.key"));
  const chain = [new crypto.X509Certificate(read("signing.pem")).raw];
  const algorithm = "SIGNATURE_ALGORITHM_ECDSA_P256_SHA256";
  return { payload, payloadType, signatures: [{ algorithm, value, chain }] };
}

function preAuthenticationEncoding(type, payload) {
  const typeBytes = Buffer.from(type);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${typeBytes.length} `), typeBytes,
    Buffer.from(` ${payload.length} `), payload,
  ]);
}

function encode(name, value) {
  const type = types.lookupType(`lienthong.axis.v1.${name}`);
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}

function decode(name, bytes) {
  const type = types.lookupType(`lienthong.axis.v1.${name}`);
  return type.toObject(type.decode(bytes), OPTIONS);
}

function uuid7() {
  const bytes = crypto.randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes;
}

function now() {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function today() {
  // The Swedish way of writing a date is YYYY-MM-DD.
  return new Date().toLocaleDateString("sv-SE", { timeZone: "Asia/Ho_Chi_Minh" });
}

function sha256(content) {
  return crypto.createHash("sha256").update(content).digest();
}

// ------------------------------------------------------------- the rest

function ask(method, request) {
  return new Promise((resolve, reject) => {
    exchange[method](request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function allAnswers(call) {
  return new Promise((resolve, reject) => {
    const answers = [];
    call.on("data", (answer) => answers.push(answer));
    call.on("error", reject);
    call.on("end", () => resolve(answers));
  });
}

function oneAnswer(call, request) {
  return new Promise((resolve, reject) => {
    call.on("data", resolve);
    call.on("error", reject);
    call.write(request);
    call.end();
  });
}

function receiptIndex(result) {
  if (result.fault) throw new Error(`${result.fault.code}: ${result.fault.messageEn}`);
  return Number(result.receipt.index);
}

function read(name) {
  return fs.readFileSync(path.join(profileFolder, name));
}

function readProfile() {
  const text = read("profile.toml").toString();
  const value = (key) => text.match(new RegExp(`^${key} = "(.*)"$`, "m"))[1];
  return { endpoint: value("endpoint"), axis: value("axis"), organ: value("organ") };
}

function loadTypes() {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) =>
    fs.existsSync(path.join(protoFolder, target)) ? path.join(protoFolder, target) : target;
  return root.loadSync(["package", "journal"].map((n) => `lienthong_proto/axis/v1/${n}.proto`));
}

function loadServices() {
  const definition = protoLoader.loadSync("lienthong_proto/axis/v1/exchange.proto", {
    ...OPTIONS, includeDirs: [protoFolder],
  });
  return grpc.loadPackageDefinition(definition).lienthong.axis.v1;
}
