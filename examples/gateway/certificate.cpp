#include "certificate.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace local_gateway {

namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using X509Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free>>;

void require(bool succeeded, const char* step) {
  if (!succeeded) throw std::runtime_error(std::string("certificate: could not ") + step);
}

template <class Write>
std::string pem(Write write) {
  const Memory memory(BIO_new(BIO_s_mem()));
  require(memory && write(memory.get()) == 1, "write PEM");
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

/// Does the same as `EVP_EC_gen("P-256")` of OpenSSL 3.
Key make_key() {
  const Context context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  EVP_PKEY* key = nullptr;
  require(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
              EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
              EVP_PKEY_keygen(context.get(), &key) == 1,
          "make a key");
  return Key(key);
}

bool is_ip_address(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos ||
         host.find(':') != std::string::npos;
}

std::string subject_alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const auto& host : hosts) {
    names += (names.empty() ? "" : ",") + std::string(is_ip_address(host) ? "IP:" : "DNS:") + host;
  }
  return names;
}

}  // namespace

Certificate make_certificate(const std::vector<std::string>& hosts, int days) {
  const Key key = make_key();

  const X509Certificate certificate(X509_new());
  X509* const x509 = certificate.get();
  require(x509 != nullptr, "make a certificate");
  X509_set_version(x509, 2);  // 2 means version 3
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60 * 60);
  X509_time_adj_ex(X509_getm_notAfter(x509), days, 0, nullptr);
  X509_set_pubkey(x509, key.get());

  X509_NAME* const name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Local gateway"), -1, -1, 0);
  X509_set_issuer_name(x509, name);

  const std::string names = subject_alternative_names(hosts);
  const Extension extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
  require(extension && X509_add_ext(x509, extension.get(), -1) == 1, "name the hosts");
  require(X509_sign(x509, key.get(), EVP_sha256()) != 0, "sign the certificate");

  return {pem([&](BIO* out) { return PEM_write_bio_X509(out, x509); }), pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace local_gateway
