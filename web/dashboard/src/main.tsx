import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import './core/theme'
import './style.css'

createRoot(document.getElementById('dashboard') as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
