import { get } from "./api.js";

const status = await get("/admin/v1/status");
document.getElementById("status").textContent = JSON.stringify(status, null, 2);
