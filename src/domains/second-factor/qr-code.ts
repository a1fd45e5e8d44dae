/** A text as a picture that a telephone's camera reads. The library is loaded at the first use: few requests need it. */
export async function qrCodeSvg(text: string): Promise<string> {
  const { default: qrcode } = await import('qrcode');
  return qrcode.toString(text, { type: 'svg', errorCorrectionLevel: 'M' });
}
