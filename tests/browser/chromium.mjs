// Prints the path of the Chromium that ships in the npm package, unpacking it first.
import chromium from "@sparticuz/chromium";
console.log(await chromium.executablePath());
