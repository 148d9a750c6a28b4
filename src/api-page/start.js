// Shows the description of the API. Calls are made with the key that was typed, or else with the console's cookie.
/* global SwaggerUIBundle */

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  // The key stays in this page's memory alone.
  persistAuthorization: false,
  validatorUrl: null,
  requestInterceptor(request) {
    // The console's cookie changes nothing without this header.
    if (request.method !== "GET") request.headers["X-Console"] = "1";
    return request;
  },
});
