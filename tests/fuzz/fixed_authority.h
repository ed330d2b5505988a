// SPDX-License-Identifier: Apache-2.0
#ifndef PULLSEAL_FUZZ_FIXED_AUTHORITY_H_
#define PULLSEAL_FUZZ_FIXED_AUTHORITY_H_

// Written by mint_corpus. Nobody has the private keys.
namespace pullseal::fuzz {

inline constexpr char kTrustedRoot[] =
    R"x({"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{"baseUrl":"https:)x"
    R"x(//rekor.test","hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQg)x"
    R"x(AEeBgkg7nM3Lux+Hr9+cm/dOIEahtjFHnuIREhe696IwIICT2EL1qbq8TTWIkQZQxUo5ZhBa+l3dqDhdMgMjYdeQ==","keyDeta)x"
    R"x(ils":"PKIX_ECDSA_P256_SHA_256","validFor":{"start":"2025-01-01T00:00:00Z"}},"logId":{"keyId":"/jTF2k)x"
    R"x(zYpMnMKZyvqzwu0QNwjxrAwgnapmI2gLSihK0="}},{"baseUrl":"https://log2026.rekor.test","hashAlgorithm":"S)x"
    R"x(HA2_256","publicKey":{"rawBytes":"MCowBQYDK2VwAyEAtVJc6OTNxANZv51hsMbwgedbpaqqWZYnsvu+IqpPXXE=","key)x"
    R"x(Details":"PKIX_ED25519","validFor":{"start":"2025-01-01T00:00:00Z"}},"logId":{"keyId":"budo/QchqEoBd)x"
    R"x(3S482VmHu2plK5A2CxmLD3alg8iWkM="}}],"certificateAuthorities":[{"subject":{"organization":"test","com)x"
    R"x(monName":"test"},"uri":"https://fulcio.test","certChain":{"certificates":[{"rawBytes":"MIIBmTCCAR6gA)x"
    R"x(wIBAgICA+owCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJdGVzdCByb290MB4XDTI1MDYwMTEyMDAwMFoXDTM1MDUzMDEyMDAwMFowH)x"
    R"x(DEaMBgGA1UEAwwRdGVzdCBpbnRlcm1lZGlhdGUwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAARGhnGTC2ELSvLgec8LoCfel0Ky1UhZ3)x"
    R"x(vc9o4B53PbGC4I7FQC/KP80gM8Z6izmir9Cn++SyQSihOTIuIXQ/aaEo/ckzZTboETh3le+NFMKd3v3LIiflfC7gEHAvbd/hDCjO)x"
    R"x(zA5MBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMBMGA1UdJQQMMAoGCCsGAQUFBwMDMAoGCCqGSM49BAMCA2kAM)x"
    R"x(GYCMQCsvCD/ORwaRTr84EWkW8OFxRGNBJeLRtbYjd1sHA80BRLXl7nCItHb8tCOdVH4sSYCMQCxxOuyAlP76G8CcPcgvLW2TAZTs)x"
    R"x(hn6R8/Ey+vDjvDdHTULyXGEXwjlY9nLcOqUqeY="},{"rawBytes":"MIIBezCCAQGgAwIBAgICA+kwCgYIKoZIzj0EAwIwFDESM)x"
    R"x(BAGA1UEAwwJdGVzdCByb290MB4XDTI1MDYwMTEyMDAwMFoXDTM1MDUzMDEyMDAwMFowFDESMBAGA1UEAwwJdGVzdCByb290MHYwE)x"
    R"x(AYHKoZIzj0CAQYFK4EEACIDYgAEgmyxmQIDWvNCokuoV8Mj7kBrE2P29Ua0K1Y1x91IHc7zBBNWeRtSoN31HMwXmoKMOaSgbez+W)x"
    R"x(n0Y7HfVehRLk7g9OmVfNhaBQScjQrnAxIllCGoZubLFn5/Qtgz+hB3YoyYwJDASBgNVHRMBAf8ECDAGAQH/AgEBMA4GA1UdDwEB/)x"
    R"x(wQEAwIBBjAKBggqhkjOPQQDAgNoADBlAjEAr9OQBsv+24zgmo+kCrjgQwRlRl/6LKI8a17EH9Zu9CNcpsvnWXY+tHQEbsFLqYCKA)x"
    R"x(jBmo9RN5VFdJS75Sbm7iaFsAZZbZOaqWpVIk46RUIo9Asz+HMPGfJrhctYyTzUh8Gk="}]},"validFor":{"start":"2025-01)x"
    R"x(-01T00:00:00Z"}}],"ctlogs":[{"baseUrl":"https://ct.test","hashAlgorithm":"SHA2_256","publicKey":{"ra)x"
    R"x(wBytes":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE37Wt6wTN0AlS0cDNw4JfPuwUWrUMRFWiGVRC2K7p6OOpBDdeeWtNrTk)x"
    R"x(uT/wSZYr7IQx+FebMcEvqNotRttd8cw==","keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":{"start":"2025-)x"
    R"x(01-01T00:00:00Z"}},"logId":{"keyId":"7sWaX2iVtrXdInXoekdyj/FohpOkBa7Ch41P53Pd3ZE="}}],"timestampAuth)x"
    R"x(orities":[{"subject":{"organization":"test","commonName":"test"},"uri":"https://tsa.test","certChain)x"
    R"x(":{"certificates":[{"rawBytes":"MIIBYzCB66ADAgECAgID7DAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA10ZXN0IHRzYSBy)x"
    R"x(b290MB4XDTI1MDYwMTEyMDAwMFoXDTM1MDUzMDEyMDAwMFowEzERMA8GA1UEAwwIdGVzdCB0c2EwWTATBgcqhkjOPQIBBggqhkjO)x"
    R"x(PQMBBwNCAATnQXDGfesGce9hH1vW1y61knjIm+zDdquQ+KWGRsfmG3PL9ddbibA/AZz0ryQBlliPbodejcj2taXsE7Uv+WjVoyow)x"
    R"x(KDAOBgNVHQ8BAf8EBAMCB4AwFgYDVR0lAQH/BAwwCgYIKwYBBQUHAwgwCgYIKoZIzj0EAwIDZwAwZAIwQuvSU/cV+9Gm70gh16AP)x"
    R"x(D246TcpLnmv+mobjgFhbikcZtwLya5tnDm4NfNZ/uKrgAjB4dbTgLbAuqwEAhLQDSQ3Csy+rY1OHhb+fKD+t2/DGVV8aahArYTQX)x"
    R"x(z9soSA5zO+E="},{"rawBytes":"MIIBhDCCAQmgAwIBAgICA+swCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwNdGVzdCB0c2Egcm9v)x"
    R"x(dDAeFw0yNTA2MDExMjAwMDBaFw0zNTA1MzAxMjAwMDBaMBgxFjAUBgNVBAMMDXRlc3QgdHNhIHJvb3QwdjAQBgcqhkjOPQIBBgUr)x"
    R"x(gQQAIgNiAAShmxxVknMSPFxY8PUx79pk3Ig3TPDK2WxHz1UwRNZeqlTO6vZJAppXwJ3yJOYiNoIAro4FSUf+pPRBzo2EHclj8MIF)x"
    R"x(2DrDulHqn6vwnAncRZAaTFbwjJ3irunOOkK9Nk+jJjAkMBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMAoGCCqG)x"
    R"x(SM49BAMCA2kAMGYCMQCLWpnlR3+ATQ+AfaPJaI3kaSj1HNmBhG/XF/KdBc4sHONsrxEQO1wNk5UFHRtxf7QCMQC5sgyzsGMceluy)x"
    R"x(0ZQeFnkVywJehuQET7mh/52lXuipXHT0WrVSO5WOwFNWHRl2+fg="}]},"validFor":{"start":"2025-01-01T00:00:00Z"})x"
    R"x(}]})x";
inline constexpr char kStatement[] =
    R"x({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"aaaaaaaaaaaaaaaaaaaaaaaaa)x"
    R"x(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","p)x"
    R"x(redicate":{}})x";

}  // namespace pullseal::fuzz

#endif  // PULLSEAL_FUZZ_FIXED_AUTHORITY_H_
